package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

// referee is an endpoint that judges the pairs of judgedData by the number in
// their question, and keeps what it was asked.
type referee struct {
	*httptest.Server
	latency time.Duration
	// fault may answer in its own way: the question's number, whether ours is A,
	// and how often these very words were sent before.
	fault func(w http.ResponseWriter, number int, oursFirst bool, before int) bool

	mu    sync.Mutex
	asked map[string]int // by prompt hash
	keys  map[string]bool
}

func newReferee(t *testing.T, shape func(*referee)) *referee {
	e := &referee{asked: map[string]int{}, keys: map[string]bool{}}
	if shape != nil {
		shape(e)
	}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	return e
}

var numbered = regexp.MustCompile(`Question number (\d+)`)

func (e *referee) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, `{"data":[{"id":"m","max_model_len":131072},{"id":"other","max_model_len":131072}]}`)
		return
	}
	var q struct {
		Messages []struct{ Role, Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || len(q.Messages) != 2 || q.Messages[0].Role != "system" {
		http.Error(w, "want a system and a user turn", http.StatusBadRequest)
		return
	}
	prompt := q.Messages[1].Content
	sum := sha256.Sum256([]byte(q.Messages[0].Content + "\x00" + prompt))
	hash := hex.EncodeToString(sum[:])
	e.mu.Lock()
	before := e.asked[hash]
	e.asked[hash]++
	e.keys[r.Header.Get("Authorization")] = true
	e.mu.Unlock()
	time.Sleep(e.latency)
	number, _ := strconv.Atoi(numbered.FindStringSubmatch(prompt)[1])
	oursFirst := strings.Index(prompt, "ours") < strings.Index(prompt, "theirs")
	if e.fault != nil && e.fault(w, number, oursFirst, before) {
		return
	}
	reply(w, verdictOf(number, oursFirst))
}

// verdictOf is the rule: of four questions ours wins one and theirs one, one
// goes to what is shown first and one to nobody.
func verdictOf(number int, oursFirst bool) string {
	switch ours := map[bool]string{true: "A", false: "B"}; number % 4 {
	case 0:
		return "Ours. [[" + ours[oursFirst] + "]]"
	case 1:
		return "Theirs. [[" + ours[!oursFirst] + "]]"
	case 2:
		return "The first. [[A]]"
	}
	return "Neither. [[C]]"
}

func reply(w http.ResponseWriter, text string) {
	body, _ := json.Marshal(map[string]any{
		"model": "judge-1", "usage": map[string]int{"prompt_tokens": 100, "completion_tokens": 5},
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": text}}},
	})
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
}

func (e *referee) requests() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, times := range e.asked {
		n += times
	}
	return n
}

func (e *referee) reset() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = map[string]int{}
}

// judgedQueries are what judgedData leaves to judges: four about each of six
// documents.
const judgedQueries = 24

// judgedData is a folder with one task of L-Eval, and a file of another system's
// answers to it.
func judgedData(t *testing.T) (dir, opponent string) {
	t.Helper()
	dir = t.TempDir()
	var rows, theirs bytes.Buffer
	encode := func(w io.Writer, v any) {
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	encode(&rows, map[string]any{"input": "Scored.", "instructions": []string{"Who?"}, "outputs": []string{"ours"}, "evaluation": "f1"})
	for d := range judgedQueries / 4 {
		var queries, answers []string
		for k := range 4 {
			q := fmt.Sprintf("Question number %d?", 4*d+k)
			queries, answers = append(queries, q), append(answers, "the reference")
			encode(&theirs, map[string]string{"query": q, "gt": "the reference", "rival_pred": "theirs", "evaluation": "LLM"})
		}
		encode(&rows, map[string]any{"input": fmt.Sprintf("Document %d.", d), "instructions": queries, "outputs": answers, "evaluation": "LLM"})
	}
	opponent = filepath.Join(dir, "rival.jsonl")
	for name, text := range map[string][]byte{opponent: theirs.Bytes(), filepath.Join(dir, "Open-ended-tasks", "multidoc_qa.jsonl"): rows.Bytes()} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, opponent
}

func judgedRun(t *testing.T, e *referee, data, opponent, out string, more ...string) *exec.Cmd {
	t.Helper()
	return command(t, append([]string{"run", "leval", "--data-dir", data, "--model", "mock:fixed?text=ours", "--out", out,
		"--judge", "openai:m@" + e.URL + "/v1", "--baseline-answers", opponent}, more...)...)
}

// A judge that is limited, talks nonsense and prefers what it sees first, over
// HTTP: every figure is the rule's, what is missing is counted apart, and the
// same command asks for nothing again.
func TestAJudgeOverHTTP(t *testing.T) {
	e := newReferee(t, func(e *referee) {
		e.fault = func(w http.ResponseWriter, number int, oursFirst bool, before int) bool {
			switch {
			case number == 4 && before == 0:
				w.Header().Set("Retry-After", "0.05")
				http.Error(w, `{"error":{"message":"slow down"}}`, http.StatusTooManyRequests)
			case number == 8 && !oursFirst:
				reply(w, "Hard to say.")
			default:
				return false
			}
			return true
		}
	})
	data, opponent := judgedData(t)
	out := filepath.Join(t.TempDir(), "run")
	cmd := judgedRun(t, e, data, opponent, out)
	cmd.Env = append(cmd.Env, "LCBENCH_JUDGE_API_KEY=sk-secret-judge")
	text := fails(t, cmd, exitLost, "1 verdicts missing: the judge answered nonsense three times")
	s, err := results.ReadSummary(out)
	if err != nil || len(s.Judges) != 1 {
		t.Fatalf("%v, %d judges\n%s", err, len(s.Judges), text)
	}
	j := s.Judges[0]
	want := results.PairCounts{
		Pairs: 23, Won: 5, Tied: 12, Lost: 6, Verdicts: results.VerdictCounts{Wins: 11 + 6, Ties: 12, Losses: 12 + 6, None: 1},
		Consistent: 17, FirstFavoured: 6,
	}
	if diff := cmp.Diff(want, *j.All.Pairs); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
	if rate := 100 * (17 + 6.0) / 47; j.All.N != 47 || !close9(j.All.Value, rate) || j.All.Low == nil || *j.All.Low > rate || *j.All.High < rate {
		t.Errorf("win rate %v over %d, want %v with an interval", shown(j.All.Value), j.All.N, rate)
	}
	if j.Nonsense != 1 || j.Lost != 0 || j.Items != judgedQueries || j.Opponent.Name != "rival" || j.Model.Served != "judge-1" || j.Usage.Prompt != 100*50 {
		t.Errorf("%+v", j)
	}
	if len(s.Tasks) != 1 || s.Tasks[0].Rows != 1 || s.Samples.ForJudges != judgedQueries {
		t.Errorf("answers for judges must not be scored: %+v, %+v", s.Tasks, s.Samples)
	}
	if !e.keys["Bearer sk-secret-judge"] || len(e.keys) != 1 {
		t.Error("the judge's own key was not used")
	}
	checkNoSecret(t, out, []byte(text))
	m, err := results.ReadManifest(out)
	if err != nil || len(m.Judges) != 1 || len(m.Judges[0].Template.SHA256) != 64 {
		t.Errorf("%v, judges in the manifest: %+v", err, m.Judges)
	}
	verdicts, err := os.ReadFile(filepath.Join(out, "judge.jsonl"))
	if err != nil || bytes.Count(verdicts, []byte("\n")) != 50 { // 48 and two more for nonsense
		t.Errorf("%v, %d records of verdicts, want 50", err, bytes.Count(verdicts, []byte("\n")))
	}
	e.reset()
	fails(t, judgedRun(t, e, data, opponent, out), exitLost, "nonsense three times")
	fails(t, command(t, "judge", out, "--judge", "openai:m@"+e.URL+"/v1", "--baseline-answers", opponent), exitLost, "nonsense three times")
	elsewhere := judgedRun(t, e, data, opponent, filepath.Join(t.TempDir(), "elsewhere"))
	elsewhere.Env = append(elsewhere.Env, "LCBENCH_CACHE="+filepath.Join(cmd.Dir, "cache"))
	fails(t, elsewhere, exitLost, "nonsense three times")
	if n := e.requests(); n != 0 {
		t.Errorf("%d questions were asked again, in spite of the journal and the cache", n)
	}
}

// Kills at random moments while a finished run is judged: no question whose
// reply is in the journal is asked again, and the figures come out the same.
func TestAKilledJudgeAsksNothingTwice(t *testing.T) {
	e := newReferee(t, func(e *referee) { e.latency = 15 * time.Millisecond })
	data, opponent := judgedData(t)
	out := filepath.Join(t.TempDir(), "run")
	if text, err := command(t, "run", "leval", "--data-dir", data, "--model", "mock:fixed?text=ours", "--judge-queries", "llm", "--out", out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	journal := filepath.Join(out, "judge.jsonl")
	random := rand.New(rand.NewPCG(1, 2))
	args := []string{"judge", out, "--judge", "openai:m@" + e.URL + "/v1", "--baseline-answers", opponent, "--judge-concurrency", "2", "--no-cache"}
	midway := 0
	for range 8 {
		known := answers(t, journal)
		e.reset()
		cmd := command(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for until := time.Now().Add(20 * time.Second); len(answers(t, journal)) == len(known) && len(known) < 2*judgedQueries && time.Now().Before(until); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(random.IntN(60)) * time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		checkNoneAgain(t, e, known)
		if n := len(answers(t, journal)); n > 0 && n < 2*judgedQueries {
			midway++
		}
	}
	known := answers(t, journal)
	e.reset()
	text, err := command(t, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	checkNoneAgain(t, e, known)
	s, err := results.ReadSummary(out)
	if err != nil || len(s.Judges) != 1 || s.Judges[0].All.Pairs.Won != 6 || s.Judges[0].All.Pairs.Lost != 6 || s.Judges[0].All.Pairs.Tied != 12 {
		t.Errorf("%v, %+v", err, s.Judges)
	}
	if n := len(answers(t, journal)); n != 2*judgedQueries {
		t.Errorf("%d records, want one for each of %d questions", n, 2*judgedQueries)
	}
	if midway < 2 {
		t.Errorf("only %d kills hit it midway: the test says little", midway)
	}
}

func checkNoneAgain(t *testing.T, e *referee, known []runners.Answer) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, a := range known {
		if e.asked[a.PromptSHA256] > 0 {
			t.Errorf("%s was asked again", a.SampleID)
		}
	}
}

// Two judges, a budget for both, and one that can't be asked.
func TestJudgesBudgetAgreementAndLosses(t *testing.T) {
	broken := true
	one := newReferee(t, nil)
	two := newReferee(t, func(e *referee) {
		e.fault = func(w http.ResponseWriter, number int, _ bool, _ int) bool {
			switch {
			case number == 3 && broken:
				http.Error(w, `{"error":{"message":"bad request"}}`, http.StatusBadRequest)
			case number == 0:
				reply(w, "[[C]]")
			default:
				return false
			}
			return true
		}
	})
	data, opponent := judgedData(t)
	out := filepath.Join(t.TempDir(), "run")
	run := func(budget string) *exec.Cmd {
		return judgedRun(t, one, data, opponent, out, "--judge", "openai:other@"+two.URL+"/v1", "--judge-budget", budget)
	}
	fails(t, run("4500tok"), exitBudget, "raise --judge-budget")
	first := one.requests()
	if first == 0 || first >= 2*judgedQueries || two.requests() != 0 {
		t.Errorf("%d and %d asked under the budget", first, two.requests())
	}
	// What earlier starts have spent counts, and so does the other judge's share.
	fails(t, run("4500tok"), exitBudget, "raise --judge-budget")
	if again := one.requests(); again != first {
		t.Errorf("%d more were asked within the same budget", again-first)
	}
	fails(t, run("8000tok"), exitBudget, "raise --judge-budget")
	if n := two.requests(); one.requests() != 2*judgedQueries || n == 0 || n >= judgedQueries {
		t.Errorf("%d and %d asked under the larger budget, want all of one judge's and some of the other's", one.requests(), n)
	}
	fails(t, run("10Mtok"), exitLost, "2 verdicts lost; the same command asks for them again", "openai:other on multidoc_qa/row2.q4")
	broken = false
	two.reset()
	if text, err := run("10Mtok").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if one.requests() != 2*judgedQueries || two.requests() != 2 {
		t.Errorf("%d and %d asked, want %d in all and 2 again", one.requests(), two.requests(), 2*judgedQueries)
	}
	s, err := results.ReadSummary(out)
	if err != nil || len(s.Judges) != 2 || len(s.JudgeAgreement) != 1 {
		t.Fatalf("%v, %+v", err, s.Judges)
	}
	// One calls 6 pairs won, 12 tied, 6 lost; the other 5, 13, 6.
	a := s.JudgeAgreement[0]
	kappa := 1 - (1.0/24)/(1-(6*5+12*13+6*6)/576.0)
	if a.Items != 24 || a.Same != 23 || !close9(a.Kappa, kappa) {
		t.Errorf("%d of %d, kappa %v, want 23 of 24, %v", a.Same, a.Items, shown(a.Kappa), kappa)
	}
}

// The released answers of L-Eval against turbo's, as the paper had them judged:
// of the queries whose documents are at hand every one finds its opponent.
func TestGoldenReleasedAnswersAreJudged(t *testing.T) {
	data := goldentest.Path(t, "data/leval/data")
	opponent := goldentest.Path(t, "data/leval/predictions/llm_turbo_eval/turbo-16k-0613.pred.jsonl")
	out := filepath.Join(t.TempDir(), "run")
	text, err := command(t, "run", "leval", "--data-dir", data, "--tasks", "multidoc_qa,scientific_qa,meeting_summ,paper_assistant", "--limit", "40",
		"--model", "mock:fixed?text=ours", "--judge-queries", "all", "--judge", "mock:fixed?text=[[C]]", "--baseline-answers", opponent, "--out", out).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	s, err := results.ReadSummary(out)
	if err != nil || len(s.Judges) != 1 {
		t.Fatal(err)
	}
	for folder, n := range map[string]int{"llm_gpt4_eval": 96, "llm_turbo_eval": 181} {
		files := goldentest.Path(t, "data/leval/predictions/"+folder)
		out := filepath.Join(t.TempDir(), folder)
		text, err := command(t, "judge", filepath.Join(files, "claude-100k.pred.jsonl"), "--judge", "mock:fixed?text=[[A]]",
			"--baseline-answers", filepath.Join(files, "turbo-16k-0613.pred.jsonl"), "--out", out).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		s, err := results.ReadSummary(out)
		if err != nil || len(s.Judges) != 1 || s.Judges[0].All.N != 2*n || s.Judges[0].All.Pairs.FirstFavoured != n || s.Judges[0].Missing != 0 {
			t.Errorf("%s: %v, %+v", folder, err, s.Judges)
		}
	}
	if j := s.Judges[0]; j.Items != 22+24+21+9 || j.Missing != 0 || j.All.Pairs.Tied != j.Items || j.Opponent.Name != "turbo-16k-0613" {
		t.Errorf("%+v", j)
	}
}
