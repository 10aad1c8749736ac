// Package results keeps what a run produces and shows it: the run folder with
// its manifest, journal and contexts, the response cache, the rows, the
// summary with its table, and the progress line.
//
// A run folder holds:
//
//	manifest.json       what was asked for, of which data, by which version
//	journal.jsonl       every answer, appended and synced before it is used
//	contexts.zst        each distinct context once, zstd frames back to back
//	contexts.idx.jsonl  sha256, offset, length, size and characters of each frame
//	samples.jsonl       one row a sample, in file order (see Row)
//	samples.parquet     the same rows
//	summary.json        scores and counts (see Summary)
//	judge.jsonl         every verdict of a judge, where one was asked; written
//	                    as journal.jsonl is
//
// Journal and contexts are append-only: a kill at any moment costs at most the
// record being written. Everything else is replaced whole.
package results

// The names of the files in a run folder.
const (
	manifestFile     = "manifest.json"
	journalFile      = "journal.jsonl"
	judgeFile        = "judge.jsonl"
	contextsFile     = "contexts.zst"
	contextIndexFile = "contexts.idx.jsonl"
	samplesFile      = "samples.jsonl"
	parquetFile      = "samples.parquet"
	summaryFile      = "summary.json"
	lockFile         = ".lock"
	// temporary is the ending of files that are renamed once they are whole.
	temporary = ".part"
)

// Warning is something that was wrong with a file and was worked around.
type Warning struct {
	File string
	Line int // from 1; 0 if it isn't about one line
	Text string
}

func (w Warning) String() string {
	return place(w.File, w.Line) + ": " + w.Text
}
