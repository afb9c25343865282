//! The listener, and the way of one request: who is it for, is it signed, may it pass, answer.

use super::cloudwatch::CloudWatch;
use super::dynamodb::DynamoDb;
use super::fault::Fault;
use super::gate::{Call, Gate};
use super::route::Protocol;
use super::s3::{Bucketeer, Objects};
use super::signature::{Authorization, Keys};
use super::store::Store;
use super::{Error, Options, sts};
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::Body;
use std::convert::Infallible;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};

/// More than any DynamoDB request may have (16 MB of batch, in JSON).
const MAX_BODY: usize = 64 * 1024 * 1024;

/// All services and what they share.
pub(crate) struct World {
    account: String,
    keys: Keys,
    gate: Arc<Gate>,
    dynamodb: Arc<DynamoDb>,
    cloudwatch: CloudWatch,
    s3: s3s::service::S3Service,
    /// Keeps the directory's lock, or the temporary directory, for as long as anything serves from it.
    _store: Arc<Store>,
    /// As many engine calls at once as there are processors to run them.
    turns: Arc<Semaphore>,
}

impl World {
    /// Opens the stores.
    pub(crate) fn open(options: &Options) -> Result<Arc<Self>, Error> {
        let store = Arc::new(Store::open(options.dir.as_deref())?);
        let keys = Keys { access: options.access_key.clone(), secret: options.secret_key.clone() };
        let gate = Arc::new(Gate::open());
        let objects = Objects::open(&store)?;
        let cloudwatch = CloudWatch::default();
        let dynamodb = DynamoDb::open(options, &store, &objects, &cloudwatch)?;
        let turns = std::thread::available_parallelism().map_or(2, std::num::NonZero::get) + 1;
        Ok(Arc::new(Self {
            account: options.account.clone(),
            s3: Bucketeer::service(&options.account, &keys, &gate, objects),
            keys,
            gate,
            dynamodb: Arc::new(dynamodb),
            cloudwatch,
            _store: store,
            turns: Arc::new(Semaphore::new(turns)),
        }))
    }

    /// Answers one request, whatever it is.
    async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        let id = request_id();
        let (parts, body) = request.into_parts();
        let protocol = Protocol::of(&parts);
        if protocol == Protocol::S3 {
            return Ok(self.serve_s3(Request::from_parts(parts, body), &id).await);
        }
        Ok(match self.answer(&protocol, parts, body, &id).await {
            Ok(bytes) => protocol.reply(bytes, &id),
            Err(fault) => protocol.refuse(&fault, &id),
        })
    }

    async fn serve_s3(&self, request: Request<Incoming>, id: &str) -> Response<Body> {
        let mut response = match self.s3.call(request.map(Body::from)).await {
            Ok(response) => response,
            Err(error) => Protocol::S3.refuse(&Fault::internal(format!("S3: {error:?}")), id),
        };
        if let Ok(value) = id.parse() {
            response.headers_mut().insert("x-amz-request-id", value);
        }
        response
    }

    async fn answer(self: &Arc<Self>, protocol: &Protocol, parts: Parts, body: Incoming, id: &str) -> Result<Bytes, Fault> {
        let collected = Limited::new(body, MAX_BODY).collect().await;
        let body = collected.map_err(|e| Fault::new("RequestEntityTooLarge", e.to_string()).with_status(413))?.to_bytes();
        let signed = Authorization::of(&parts).and_then(|a| a.verify(&parts, &body, &self.keys).map(|()| a));
        let signed = signed.map_err(|denial| protocol.denied(denial))?;
        let body = unpacked(&parts, body)?;
        match protocol {
            Protocol::Dynamo(operation) => {
                self.pass(protocol, operation, &signed.region, &body)?;
                self.dynamo(operation.clone(), signed.region, body).await
            }
            Protocol::Sts => {
                self.pass(protocol, "GetCallerIdentity", &signed.region, &body)?;
                sts::answer(&body, &self.account, &self.keys.access, id).map(Bytes::from)
            }
            Protocol::CloudWatchJson(operation) => {
                self.pass(protocol, operation, &signed.region, &body)?;
                self.cloudwatch.json(&signed.region, operation, &body)
            }
            Protocol::CloudWatchCbor(operation) => {
                self.pass(protocol, operation, &signed.region, &body)?;
                self.cloudwatch.cbor(&signed.region, operation, &body)
            }
            Protocol::CloudWatchQuery => {
                let operation = super::form::parse(&body);
                let operation = super::form::get(&operation, "Action").unwrap_or_default().to_owned();
                self.pass(protocol, &operation, &signed.region, &body)?;
                self.cloudwatch.query(&signed.region, &operation, &body, id)
            }
            Protocol::S3 => Err(Fault::internal("S3 does not come this way")),
        }
    }

    /// Runs the engine's blocking call off the network threads, a few at a time.
    async fn dynamo(self: &Arc<Self>, operation: String, region: String, body: Bytes) -> Result<Bytes, Fault> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|e| Fault::internal(e.to_string()))?;
        let dynamodb = Arc::clone(&self.dynamodb);
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            dynamodb.answer(&region, &operation, &body)
        });
        work.await.map_err(|e| Fault::internal(format!("the embedded AWS failed: {e}")))?
    }

    fn pass(&self, protocol: &Protocol, operation: &str, region: &str, body: &[u8]) -> Result<(), Fault> {
        self.gate.before(&Call { service: protocol.service(), operation, region, body })
    }
}

/// The body without its compression, which SDKs use for large `PutMetricData` requests.
fn unpacked(parts: &Parts, body: Bytes) -> Result<Bytes, Fault> {
    if parts.headers.get(http::header::CONTENT_ENCODING).is_none_or(|e| e.as_bytes() != b"gzip") {
        return Ok(body);
    }
    let mut out = Vec::new();
    let read = flate2::read::GzDecoder::new(&body[..]).take(MAX_BODY as u64).read_to_end(&mut out);
    read.map(|_| out.into()).map_err(|e| Fault::new("SerializationException", format!("the body is not gzip: {e}")))
}

/// Listens on `addr`.
pub(crate) async fn listen(addr: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(addr).await.map_err(|e| match e.kind() {
        io::ErrorKind::AddrInUse => Error::Taken(addr),
        _ => Error::Listen(addr, e),
    })
}

/// The running listener.
#[derive(Debug)]
pub(crate) struct Server {
    accepting: JoinHandle<()>,
    stop: Option<oneshot::Sender<()>>,
}

impl Server {
    /// Serves until it is stopped or dropped.
    pub(crate) fn run(listener: TcpListener, world: Arc<World>) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { accepting: tokio::spawn(accept(listener, world, stopped)), stop: Some(stop) }
    }

    /// Ends every connection, then waits for running imports.
    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        // The task ends by itself; that it was cancelled with its runtime is no news.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, world: Arc<World>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(connection(stream, Arc::clone(&world))); }
                // Out of file descriptors or a client that left: the next accept may work.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            },
        }
    }
    connections.shutdown().await;
    world.dynamodb.finish_imports().await;
}

async fn connection(stream: tokio::net::TcpStream, world: Arc<World>) {
    // Without this every small reply waits for the client's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| Arc::clone(&world).serve(request));
    let http = hyper::server::conn::http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A torn connection is the client's affair; what was answered was answered.
    let _ = http.await;
}

/// 32 upper-case hexadecimal digits in AWS's five groups.
fn request_id() -> String {
    let (a, b) = (fastrand::u64(..), fastrand::u64(..));
    format!("{:08X}-{:04X}-{:04X}-{:04X}-{:012X}", a >> 32, (a >> 16) & 0xffff, a & 0xffff, b >> 48, b & 0xffff_ffff_ffff)
}
