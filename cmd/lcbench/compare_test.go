package main

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// compareScore compares one line of lcbench metric with its case, to 1e-9.
func compareScore(t *testing.T, line int, wantLine, gotLine []byte) {
	t.Helper()
	var want struct {
		ID       string
		Expected any
	}
	var got struct {
		ID    string
		Score any
	}
	if err := json.Unmarshal(wantLine, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(gotLine, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Expected, got.Score, cmpopts.EquateApprox(0, 1e-9)); diff != "" || want.ID != got.ID {
		t.Errorf("line %d, %s (-want +got):\n%s", line, want.ID, diff)
	}
}
