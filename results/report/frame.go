package report

import (
	"html/template"
	"io"
)

// Frame is what a server puts around the page.
type Frame struct {
	// Head is added to the page's head, Top stands above everything.
	Head, Top template.HTML
}

// WriteFramed writes the page in a frame. It states no policy: who serves it
// does, with the Pins of its own style and script.
func (r *Report) WriteFramed(w io.Writer, f Frame) error { return r.writePage(w, page{Frame: f}) }

// Pins are the hashes of the page's style and script, as a
// Content-Security-Policy has them, without quotes.
func Pins() (style, script string) { return pin(styleText), pin(scriptText) }

// Style is the page's style, for pages beside it.
func Style() string { return styleText }
