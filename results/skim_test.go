package results

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// wholeLine is a row with everything in it.
const wholeLine = `{"id":"a\"\\\/\b\f\n\r\té😀\ud800x","index":3,"task":"t","category":null,"status":"ok","valid":true,"score":0.25,"metric":"f1",` +
	`"measures":[{"name":"x","value":-1.5e-3}],"weight":3,"score_parts":[1,0.5,0],"answer":"an \"answer\"","references":["one","t\u0077o"],"classes":[],` +
	`"prompt_system":"s","prompt_before":"b","context_sha256":"ab","prompt_after":"a","prompt_sha256":"cd","cut_tokens":7,"target_length":4096,"depth":12.5,` +
	`"strata":["x","y"],"group":"g","axes":"measured","diffusion":0.1,"scope":0,"judge":"j","unknown":{"deep":[[],{},"]}",true,false,null,0]}}`

// A row that is skimmed has what the whole row has.
func TestSkimmedRowsAreTheRows(t *testing.T) {
	var s skimmer
	for _, line := range []string{wholeLine, `{"id":"a","task":"t"}`, ` { "id" : "a" , "task" : "t" , "score" : null , "strata" : null } `, `{"ID":"a","Task":"t"}`, "{\"id\":\"\xff\",\"task\":\"t\"}"} {
		want, err := parseRow([]byte(line))
		must(t, err)
		got, err := s.row([]byte(line))
		must(t, err)
		if diff := cmp.Diff(skimmed(want), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
}

// What is no row is refused in encoding/json's words.
func TestSkimmingRefusesWhatIsNoRow(t *testing.T) {
	var s skimmer
	for _, line := range []string{
		"", "null", "[]", "{", `{"id":"a"}`, `{"id":"a","task":"t"`, `{"id":"a","task":"t"} x`, `{"id":"a","task":"t","score":NaN}`, `{"id":"a","task":"t","score":"1"}`,
		`{"id":"a","task":"t","other":01}`, `{"id":"a","task":"t","other":1.}`, `{"id":"a","task":"t","other":"\x"}`, `{"id":"a","task":"t","other":tru}`,
		"{\"id\":\"a\",\"task\":\"t\",\"other\":\"\x01\"}", `{"id":"a","task":"t","cut_tokens":1.5}`, `{"id":"a","task":"t",}`, `{"id":"a" "task":"t"}`,
	} {
		_, want := parseRow([]byte(line))
		_, got := s.row([]byte(line))
		if want == nil || got == nil || got.Error() != want.Error() {
			t.Errorf("%s: got %v, want %v", line, got, want)
		}
	}
}

// A last line without its end is left out in a run that was killed, and is an
// error in one that ended.
func TestSkimRowsReadsAsFarAsARunGot(t *testing.T) {
	dir := t.TempDir()
	count := func() (rows int, err error) {
		for _, e := range SkimRows(dir) {
			if e != nil {
				return rows, e
			}
			rows++
		}
		return rows, nil
	}
	if _, err := count(); !os.IsNotExist(unwrapped(err)) {
		t.Errorf("no rows: %v", err)
	}
	text := `{"id":"a","task":"t"}` + "\n" + `{"id":"b","ta`
	must(t, os.WriteFile(partPath(dir), []byte(text), 0o644))
	if n, err := count(); n != 1 || err != nil {
		t.Errorf("killed: %d rows, %v", n, err)
	}
	must(t, os.WriteFile(filepath.Join(dir, samplesFile), []byte(text), 0o644))
	if n, err := count(); n != 1 || err == nil || !strings.Contains(err.Error(), samplesFile+":2: ") {
		t.Errorf("ended: %d rows, %v", n, err)
	}
}

func unwrapped(err error) error {
	for {
		next, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = next.Unwrap()
	}
}

// Whatever a line holds: skimming takes what encoding/json does and reads the
// same; beyond that it takes but JSON in which fields that it passes over are of
// another type.
func FuzzSkim(f *testing.F) {
	f.Add([]byte(wholeLine))
	f.Add([]byte(`{"id":"a","task":"t","id":null,"score_parts":[null],"references":[null,"x"]}`))
	f.Add([]byte(`{"id":"\u0000","task":"t","score":1e999}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		want, wantErr := parseRow(line)
		var s skimmer
		got, err := s.row(line)
		if err != nil && wantErr == nil || err == nil && !json.Valid(line) {
			t.Fatalf("got %v, want %v", err, wantErr)
		}
		if err != nil || wantErr != nil {
			return
		}
		var keys map[string]json.RawMessage
		must(t, json.Unmarshal(line, &keys))
		for k := range keys {
			if k != strings.ToLower(k) || strings.ContainsFunc(k, func(c rune) bool { return c > '~' }) || strings.Count(string(line), `"`+k+`"`) != 1 {
				t.Skip("names in capitals, or twice: encoding/json takes them for the same field")
			}
		}
		if diff := cmp.Diff(skimmed(want), got, cmpopts.EquateEmpty(), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
