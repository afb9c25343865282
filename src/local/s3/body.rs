//! Bodies: streamed to a file on their way in, with digests taken and compared; streamed from it on their way out.

use super::objects::{Objects, broken};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures::{StreamExt, stream};
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::dto::{Checksum, StreamingBlob};
use s3s::{S3Result, TrailingHeaders, s3_error};
use std::collections::BTreeMap;
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, BufWriter};

/// The checksum algorithms that S3 knows, as the API spells them.
pub(super) const ALGORITHMS: [&str; 5] = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];

/// A body that is whole, in a file that nothing refers to yet.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) id: u64,
    pub(super) size: u64,
    pub(super) md5: Vec<u8>,
    /// Base64 by algorithm.
    pub(super) checksums: BTreeMap<String, String>,
}

/// What the client said about the body.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub(super) md5: Option<String>,
    /// Base64 by algorithm, from headers.
    pub(super) checksums: BTreeMap<String, String>,
    /// The algorithm that it will use, perhaps in a trailer.
    pub(super) algorithm: Option<String>,
    pub(super) length: Option<i64>,
}

/// The checksum headers of a request, by algorithm.
macro_rules! claimed {
    ($input:expr) => {{
        let given = [
            ("CRC32", $input.checksum_crc32.as_ref()),
            ("CRC32C", $input.checksum_crc32c.as_ref()),
            ("CRC64NVME", $input.checksum_crc64nvme.as_ref()),
            ("SHA1", $input.checksum_sha1.as_ref()),
            ("SHA256", $input.checksum_sha256.as_ref()),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone()))).collect::<std::collections::BTreeMap<_, _>>()
    }};
}
pub(super) use claimed;

/// Sets a reply's checksum members from a map by algorithm.
macro_rules! tell_checksums {
    ($output:expr, $from:expr) => {{
        $output.checksum_crc32 = $from.get("CRC32").cloned();
        $output.checksum_crc32c = $from.get("CRC32C").cloned();
        $output.checksum_crc64nvme = $from.get("CRC64NVME").cloned();
        $output.checksum_sha1 = $from.get("SHA1").cloned();
        $output.checksum_sha256 = $from.get("SHA256").cloned();
    }};
}
pub(super) use tell_checksums;

/// Digests over a body.
pub(super) struct Digests {
    md5: Md5,
    sums: ChecksumHasher,
}

impl Digests {
    /// MD5 always, and `algorithms`.
    pub(super) fn of<'a>(algorithms: impl IntoIterator<Item = &'a str>) -> Self {
        let mut sums = ChecksumHasher::default();
        for algorithm in algorithms {
            match algorithm {
                "CRC32" => sums.crc32 = Some(Crc32::new()),
                "CRC32C" => sums.crc32c = Some(Crc32c::new()),
                "SHA1" => sums.sha1 = Some(Sha1::new()),
                "SHA256" => sums.sha256 = Some(Sha256::new()),
                _ => sums.crc64nvme = Some(Crc64Nvme::new()),
            }
        }
        Self { md5: Md5::new(), sums }
    }

    pub(super) fn update(&mut self, data: &[u8]) {
        self.md5.update(data);
        self.sums.update(data);
    }

    /// MD5, and the checksums in base64 by algorithm.
    pub(super) fn finish(self) -> (Vec<u8>, BTreeMap<String, String>) {
        let Checksum { checksum_crc32, checksum_crc32c, checksum_crc64nvme, checksum_sha1, checksum_sha256, .. } = self.sums.finalize();
        let sums = [checksum_crc32, checksum_crc32c, checksum_crc64nvme, checksum_sha1, checksum_sha256];
        let named = ALGORITHMS.into_iter().zip(sums).filter_map(|(name, sum)| Some((name.to_owned(), sum?)));
        (self.md5.finalize().as_ref().to_vec(), named.collect())
    }
}

/// Writes `body` to a file of its own; refused (and removed) when it is not what was claimed.
pub(super) async fn receive(
    objects: &Objects,
    bucket: &str,
    body: Option<StreamingBlob>,
    claims: Claims,
    trailers: Option<TrailingHeaders>,
) -> S3Result<Received> {
    let id = objects.fresh_id();
    let path = objects.data_path(bucket, id);
    let result = write(&path, body, &claims, trailers, objects.keeps()).await;
    match result {
        Ok((size, md5, checksums)) => Ok(Received { id, size, md5, checksums }),
        Err(error) => {
            objects.discard(bucket, id);
            Err(error)
        }
    }
}

type Written = (u64, Vec<u8>, BTreeMap<String, String>);

async fn write(
    path: &Path,
    body: Option<StreamingBlob>,
    claims: &Claims,
    trailers: Option<TrailingHeaders>,
    keep: bool,
) -> S3Result<Written> {
    let mut wanted: Vec<&str> = claims.checksums.keys().map(String::as_str).chain(claims.algorithm.as_deref()).collect();
    if wanted.is_empty() {
        // AWS adds this one where the client gave none.
        wanted.push("CRC64NVME");
    }
    let mut digests = Digests::of(wanted);
    let mut file = BufWriter::with_capacity(256 * 1024, File::create(path).await.map_err(broken)?);
    let mut size = 0;
    let mut body = body;
    while let Some(chunk) = match &mut body {
        Some(body) => body.next().await,
        None => None,
    } {
        let chunk = chunk.map_err(|_| s3_error!(IncompleteBody, "The body ended early or was not signed as it was sent"))?;
        digests.update(&chunk);
        size += chunk.len() as u64;
        file.write_all(&chunk).await.map_err(broken)?;
    }
    file.flush().await.map_err(broken)?;
    if keep {
        file.get_ref().sync_data().await.map_err(broken)?;
    }
    if claims.length.is_some_and(|l| u64::try_from(l) != Ok(size)) {
        return Err(s3_error!(IncompleteBody, "You did not provide the number of bytes specified by the Content-Length HTTP header"));
    }
    let (md5, checksums) = digests.finish();
    compare(&md5, &checksums, claims, trailers)?;
    Ok((size, md5, checksums))
}

/// Whether the digests are the claimed ones.
fn compare(md5: &[u8], checksums: &BTreeMap<String, String>, claims: &Claims, trailers: Option<TrailingHeaders>) -> S3Result<()> {
    if let Some(claimed) = &claims.md5 {
        match BASE64.decode(claimed) {
            Ok(claimed) if claimed == md5 => {}
            Ok(claimed) if claimed.len() == 16 => {
                return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
            }
            _ => return Err(s3_error!(InvalidDigest, "The Content-MD5 you specified was invalid.")),
        }
    }
    let trailing = trailers.and_then(|t| t.take()).unwrap_or_default();
    for algorithm in ALGORITHMS {
        let trailer = trailing.get(format!("x-amz-checksum-{}", algorithm.to_lowercase())).and_then(|v| v.to_str().ok());
        let Some(claimed) = claims.checksums.get(algorithm).map(String::as_str).or(trailer) else { continue };
        match checksums.get(algorithm) {
            Some(sum) if sum == claimed => {}
            Some(_) => return Err(s3_error!(BadDigest, "The {algorithm} you specified did not match the calculated checksum.")),
            None => {
                return Err(s3_error!(
                    InvalidRequest,
                    "A trailing {algorithm} was sent without x-amz-sdk-checksum-algorithm or x-amz-trailer"
                ));
            }
        }
    }
    Ok(())
}

/// The file's bytes from `first`, `length` of them.
pub(super) async fn send(path: &Path, first: u64, length: u64) -> S3Result<StreamingBlob> {
    let mut file = File::open(path).await.map_err(broken)?;
    file.seek(std::io::SeekFrom::Start(first)).await.map_err(broken)?;
    let chunks = stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let mut chunk = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(256 * 1024)];
        let read = file.read(&mut chunk).await?;
        if read == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
        }
        chunk.truncate(read);
        Ok(Some((Bytes::from(chunk), (file, left - read as u64))))
    });
    Ok(StreamingBlob::wrap(chunks))
}
