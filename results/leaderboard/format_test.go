package leaderboard

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// described are the columns that a section of FORMAT.md has, with their kinds,
// in its order.
func described(t *testing.T, section string) [][2]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(home, "FORMAT.md"))
	must(t, err)
	_, text, ok := strings.Cut(string(data), "\n## "+section)
	if !ok {
		t.Fatalf("FORMAT.md has no section %q", section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var out [][2]string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([a-z]+) \\|").FindAllStringSubmatch(text, -1) {
		out = append(out, [2]string{m[1], m[2]})
	}
	return out
}

func namesAndKinds[T any](prefix string, columns []column[T]) [][2]string {
	var out [][2]string
	for _, c := range columns {
		out = append(out, [2]string{prefix + c.name, string(c.kind)})
	}
	return out
}

func TestFormatDescribesEveryColumnInItsOrder(t *testing.T) {
	placeholders := map[Part]string{
		PartAverage: "/<board>", PartCategory: "/<board>/<category>", PartStratum: "/<board>/<stratum>", PartTask: "/<task>",
		PartTaskStratum: "/<task>/<stratum>", PartLength: "/<tokens>", PartDiffusion: "/<bin>", PartScope: "/<bin>",
		PartPlane: "/<bin>/<bin>", PartJudge: "/<judge>/<figure>",
	}
	want := namesAndKinds("", slices.Concat([]column[*Entry]{formatColumn[*Entry]()}, modelColumns(), identityColumns(), totalColumns()))
	for _, k := range parts() {
		if k.part != PartCell {
			want = append(want, [2]string{"<benchmark>/" + string(k.part) + placeholders[k.part], string(Float)})
		}
	}
	want = append(want, namesAndKinds("<benchmark>/run/", runColumns())...)
	if diff := cmp.Diff(want, described(t, "Layout lcbench")); diff != "" {
		t.Errorf("layout lcbench: columns (-) and FORMAT.md (+) differ:\n%s", diff)
	}
	if diff := cmp.Diff(namesAndKinds("", longColumns()), described(t, "Layout long")); diff != "" {
		t.Errorf("layout long: columns (-) and FORMAT.md (+) differ:\n%s", diff)
	}
}

func TestFormatNamesEverySuffixAndLayout(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(home, "FORMAT.md"))
	must(t, err)
	for _, suffix := range slices.Concat(scoreColumns, lengthColumns) {
		if !strings.Contains(string(data), "`/"+suffix+"`") {
			t.Errorf("FORMAT.md doesn't name the suffix /%s", suffix)
		}
	}
	for _, name := range Layouts() {
		if !strings.Contains(string(data), "`"+name+"`") {
			t.Errorf("FORMAT.md doesn't name layout %s", name)
		}
	}
}
