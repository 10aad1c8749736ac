package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Rows of one name are told apart by what differs, others keep the bare name.
func TestMechanismsOfOneNameAreToldApart(t *testing.T) {
	list, err := parseAttentions([]string{"full", "sliding", "longheads", "longheads:share=group", "squeezed:step=each", "squeezed:share=group,step=each", "squeezed:keep=0.2"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	names := labels(list)
	for _, m := range list {
		got = append(got, names[m.String()])
	}
	want := []string{
		"full", "sliding", "longheads share=head", "longheads share=group",
		"squeezed keep=0.1 share=head step=each", "squeezed keep=0.1 share=group step=each", "squeezed keep=0.2 share=head step=mean",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The usual comparison has the forms that are quoted of mechanisms.
func TestEveryMechanismIsComparedInItsForms(t *testing.T) {
	list, err := benchMechanisms([]string{everything})
	if err != nil {
		t.Fatal(err)
	}
	names := labels(list)
	for _, want := range []string{"longheads:chunk=256,topk=16,share=group", "squeezed:keep=0.1,clusters=0.05,levels=1,rounds=10,share=head,step=each", "squeezed:keep=0.1,clusters=0.05,levels=1,rounds=10,share=group,step=each"} {
		if names[want] == "" {
			t.Errorf("%s is not compared", want)
		}
	}
}
