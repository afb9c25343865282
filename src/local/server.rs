//! The listener, and the way of one request: who is it for, is it signed, may it pass, answer.

use super::cloudwatch::CloudWatch;
use super::dynamodb::{self, DynamoDb};
use super::fault::Fault;
use super::faults::{self, Stop, Torn};
use super::gate::{Gate, Slip};
use super::route::Protocol;
use super::s3::{Bucketeer, Objects};
use super::signature::{Authorization, Keys};
use super::store::Store;
use super::{Error, Options, sts};
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::Body;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};

/// More than any DynamoDB request may have (16 MB of batch, in JSON).
const MAX_BODY: usize = 64 * 1024 * 1024;
/// Thousands of fault rules.
const MAX_RULES: usize = 1024 * 1024;

/// All services and what they share.
pub(crate) struct World {
    account: String,
    keys: Keys,
    gate: Gate,
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
        dynamodb::check_kept(&store)?;
        let any_time = options.clock.is_manual();
        let keys = Keys { access: options.access_key.clone(), secret: options.secret_key.clone(), any_time };
        let gate = Gate::new(options.clock.clone(), options.token_lasts);
        let objects = Objects::open(&store)?;
        let cloudwatch = CloudWatch::new(options.clock.clone());
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

    /// The calls that came, and the faults that befall them.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Answers one request, whatever it is.
    async fn serve(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Body>, Torn> {
        let id = request_id();
        let (parts, body) = request.into_parts();
        if faults::is_control(&parts) {
            return Ok(self.control(&parts, body).await);
        }
        let protocol = Protocol::of(&parts);
        if protocol == Protocol::S3 {
            return self.serve_s3(Request::from_parts(parts, body), &id).await;
        }
        let (signed, body) = match self.believe(&protocol, &parts, body).await {
            Ok(believed) => believed,
            Err(fault) => {
                self.gate.unknown(protocol.service(), fault.status);
                return Ok(protocol.refuse(&fault, &id));
            }
        };
        let operation = protocol.operation(&body);
        let pass = self.gate.enter(protocol.service(), &operation, &body);
        let answer = match pass.before().await {
            Ok(()) => pass.around(body, |body| self.act(&protocol, &operation, signed.region, body, &id)).await,
            Err(Stop::Refuse(fault)) => Err(fault),
            Err(Stop::Tear) => return Err(Torn),
        };
        pass.after(answer.map_or_else(|fault| protocol.refuse(&fault, &id), |bytes| protocol.reply(bytes, &id))).await
    }

    async fn control(&self, parts: &Parts, body: Incoming) -> Response<Body> {
        let body = Limited::new(body, MAX_RULES).collect().await.map(Collected::to_bytes);
        let answer = body.ok().and_then(|body| faults::control(&self.gate, parts, &body));
        answer.unwrap_or_else(|| Protocol::S3.refuse(&Fault::new("RequestEntityTooLarge", "too many rules at once").with_status(413), ""))
    }

    /// S3's calls pass the gate inside of `s3s`, which alone knows their names, and leave a slip on their way out.
    async fn serve_s3(&self, mut request: Request<Incoming>, id: &str) -> Result<Response<Body>, Torn> {
        let slip = Slip::default();
        request.extensions_mut().insert(slip.clone());
        let mut response = match self.s3.call(request.map(Body::from)).await {
            Ok(response) => response,
            Err(error) => Protocol::S3.refuse(&Fault::internal(format!("S3: {error:?}")), id),
        };
        if let Ok(value) = id.parse() {
            response.headers_mut().insert("x-amz-request-id", value);
        }
        match slip.take() {
            None => {
                self.gate.unknown("s3", response.status().as_u16());
                Ok(response)
            }
            Some(slipped) if slipped.torn => Err(Torn),
            Some(slipped) => {
                let refused = slipped.pass.refused_after().map(|fault| Protocol::S3.refuse(&fault, id));
                slipped.pass.after(refused.unwrap_or(response)).await
            }
        }
    }

    /// Reads the body, if it was signed by somebody whom we know.
    async fn believe(&self, protocol: &Protocol, parts: &Parts, body: Incoming) -> Result<(Authorization, Bytes), Fault> {
        let collected = Limited::new(body, MAX_BODY).collect().await;
        let body = collected.map_err(|e| Fault::new("RequestEntityTooLarge", e.to_string()).with_status(413))?.to_bytes();
        let signed = Authorization::of(parts).and_then(|a| {
            a.scoped(protocol.service())?;
            a.verify(parts, &body, &self.keys).map(|()| a)
        });
        let signed = signed.map_err(|denial| protocol.denied(denial))?;
        Ok((signed, unpacked(parts, body)?))
    }

    /// Does what the call asks for.
    async fn act(self: &Arc<Self>, protocol: &Protocol, operation: &str, region: String, body: Bytes, id: &str) -> Result<Bytes, Fault> {
        if protocol.service() == "monitoring" {
            self.dynamodb.settle(&region)?;
        }
        match protocol {
            Protocol::Dynamo(_) => self.dynamo(operation.to_owned(), region, body).await,
            Protocol::Scaling(_) => self.dynamodb.scale(&region, operation, &body),
            Protocol::Kms(_) => self.dynamodb.keep_keys(&region, operation, &body),
            Protocol::Sts => sts::answer(&body, &self.account, &self.keys.access, id).map(Bytes::from),
            Protocol::CloudWatchJson(_) => self.cloudwatch.json(&region, operation, &body),
            Protocol::CloudWatchCbor(_) => self.cloudwatch.cbor(&region, operation, &body),
            Protocol::CloudWatchQuery => self.cloudwatch.query(&region, operation, &body, id),
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
    let mut http = hyper::server::conn::http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    // A connection that the client tore is the client's affair; what was answered was answered. One that we tear ends by a reset.
    if (&mut http).await.is_err_and(|error| error.is_user()) {
        let _ = http.into_parts().io.inner().set_zero_linger();
    }
}

/// 32 upper-case hexadecimal digits in AWS's five groups.
fn request_id() -> String {
    let (a, b) = (fastrand::u64(..), fastrand::u64(..));
    format!("{:08X}-{:04X}-{:04X}-{:04X}-{:012X}", a >> 32, (a >> 16) & 0xffff, a & 0xffff, b >> 48, b & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests;
