//! What is wrong with an archive, for whoever wants to read it.

#[derive(Debug, thiserror::Error)]
pub enum ArchiveFault {
    #[error("this is no archive of a tenant; `rollcall tenant export` writes them")]
    Foreign,
    #[error("the archive was written by a newer version of Rollcall; import it with that version or a later one")]
    Newer,
    #[error("line {line} of the archive cannot be read: {why}")]
    Broken { line: u64, why: String },
    #[error("the archive ends after line {line} without its last line; it was cut off, so export it again")]
    CutOff { line: u64 },
    #[error("the archive was changed after it was signed; export it again and bring it here unchanged")]
    Changed,
    #[error(
        "the archive is signed by {signer}, which is not this installation; if `rollcall tenant export` printed the same, say \
         --signed-by {signer}"
    )]
    Stranger { signer: String },
    #[error("the archive is signed by {signer} and not by {expected}; ask where it comes from")]
    OtherSigner { signer: String, expected: String },
    #[error("the archive cannot be read: {0}")]
    Input(#[from] std::io::Error),
}
