//! Decompresses zstd, frame by frame, in bounded memory.

use std::io::{self, Cursor, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The largest window that is decompressed, in bytes: what `zstd` itself takes without `--long` and `--ultra`, and more.
const WINDOW: u64 = 32 << 20;
/// How much is decompressed at once, in bytes.
const STEP: usize = 128 << 10;

/// Whether a file that begins like this is compressed by zstd.
pub fn is_zstd(magic: &[u8]) -> bool {
    matches!(magic, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// Reads what zstd has compressed: any number of frames.
pub struct ZstdReader<R> {
    source: R,
    frame: Option<FrameDecoder>,
}

impl<R: Read> ZstdReader<R> {
    pub fn new(source: R) -> Self {
        Self { source, frame: None }
    }

    /// The next frame that holds something; nothing at the end.
    fn next_frame(&mut self) -> io::Result<Option<FrameDecoder>> {
        loop {
            let mut first = [0];
            if self.source.read(&mut first)? == 0 {
                return Ok(None);
            }
            let mut decoder = FrameDecoder::new();
            decoder.set_max_window_size(WINDOW);
            match decoder.init(Cursor::new(first).chain(&mut self.source)) {
                Ok(()) => return Ok(Some(decoder)),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut self.source.by_ref().take(length.into()), &mut io::sink())?;
                    if skipped < length.into() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(FrameDecoderError::WindowSizeTooBig { requested, .. }) => {
                    let message = format!(
                        "its window of {} MiB is larger than {} MiB; unpack it: zstd -dc --long=31 FILE | quietdown log",
                        requested >> 20,
                        WINDOW >> 20
                    );
                    return Err(io::Error::new(io::ErrorKind::Unsupported, message));
                }
                Err(wrong) => return Err(io::Error::new(io::ErrorKind::InvalidData, wrong.to_string())),
            }
        }
    }
}

impl<R: Read> Read for ZstdReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(frame) = &mut self.frame else {
                match self.next_frame()? {
                    Some(frame) => self.frame = Some(frame),
                    None => return Ok(0),
                }
                continue;
            };
            let length = frame.read(into)?;
            if length > 0 || into.is_empty() {
                return Ok(length);
            }
            if frame.is_finished() {
                let sums = (frame.get_checksum_from_data(), frame.get_calculated_checksum());
                self.frame = None;
                if let (Some(told), Some(found)) = sums
                    && told != found
                {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong"));
                }
                continue;
            }
            let broken = |wrong: FrameDecoderError| io::Error::new(io::ErrorKind::InvalidData, wrong.to_string());
            frame.decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBytes(STEP)).map_err(broken)?;
        }
    }
}
