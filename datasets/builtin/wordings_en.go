package builtin

// wordingsEN returns the English templates by relation.
func wordingsEN() map[string]wording {
	return map[string]wording{
		"born_on": {
			say: []string{"{s} was born on {o}.", "The parish register gives {o} as the birthday of {s}.", "{s} came into the world on {o}, in the middle of a snowstorm."},
			ask: []string{"On what date was {s} born?", "What is the birthday of {s}?"},
		},
		"born_in": {
			say:  []string{"{s} was born in {o} and kept the accent of the place for life.", "The first house that {s} knew stood in {o}, where the whole family came from.", "{s} is a native of {o}, as old school lists confirm."},
			ask:  []string{"Where was {s} born?", "Which town is the birthplace of {s}?"},
			noun: "the birthplace of {s}",
		},
		"trade": {
			say: []string{"By trade {s} was {a} {o}.", "{s} earned a living as {a} {o}.", "Most people in the district knew {s} as {a} {o}."},
			ask: []string{"What was the trade of {s}?", "How did {s} earn a living?"},
		},
		"teacher": {
			say:  []string{"{s} learned the craft from {o}.", "{s} spent four years as a pupil of {o}.", "It was {o} who taught {s} to work with care."},
			ask:  []string{"Who taught {s}?", "Whose pupil was {s}?"},
			noun: "the teacher of {s}",
		},
		"employer": {
			say:  []string{"{s} spent most of a working life at {o}.", "For more than twenty years {s} was employed by {o}.", "{s} took a post at {o} and never left it."},
			ask:  []string{"Which institution employed {s}?", "Where did {s} spend most of a working life?"},
			noun: "the institution that employed {s}",
		},
		"settled_in": {
			say:  []string{"In later years {s} settled in {o}.", "{s} finally moved to {o} and bought a small house by the mill.", "Old age found {s} in {o}, in rooms above a bakery."},
			ask:  []string{"Where did {s} settle in later years?", "To which town did {s} move in old age?"},
			noun: "the town where {s} settled in later years",
		},
		"instrument": {
			say: []string{"In the evenings {s} played the {o}.", "{s} was a fair player of the {o}.", "Guests remembered how well {s} handled the {o}."},
			ask: []string{"Which instrument did {s} play?", "What did {s} play in the evenings?"},
		},
		"collected": {
			say: []string{"{s} collected {o} and labelled every piece.", "A cupboard full of {o} belonged to {s}.", "{s} had a weakness for {o}, and travelled far to find them."},
			ask: []string{"What did {s} collect?", "What kind of things were in the collection of {s}?"},
		},
		"town_founded": {
			say: []string{"{s} received its charter in {o}.", "{s} was founded in {o} by salt carriers.", "The oldest deed that names {s} dates from {o}, the year of its foundation."},
			ask: []string{"In which year was {s} founded?", "When did {s} receive its charter?"},
		},
		"population": {
			say: []string{"{s} has {o} inhabitants.", "At the last count {o} people lived in {s}.", "{s} is home to {o} people, most of them in the lower quarter."},
			ask: []string{"How many people live in {s}?", "What is the number of inhabitants of {s}?"},
		},
		"river": {
			say: []string{"{s} lies on the {o}, at the last ford before the sea.", "The {o} runs through the middle of {s}.", "{s} grew up around a ferry across the {o}."},
			ask: []string{"On which river does {s} lie?", "Which river runs through {s}?"},
		},
		"altitude": {
			say: []string{"{s} stands at a height of {o} above the sea.", "The market square of {s} is {o} above sea level.", "Surveyors put the height of {s} at {o}."},
			ask: []string{"How high above the sea does {s} stand?", "What is the altitude of {s}?"},
		},
		"craft": {
			say: []string{"{s} is known for its {o}.", "The wealth of {s} came from {o}.", "For centuries {s} lived by {o}, and the guild house still shows it."},
			ask: []string{"What is {s} known for?", "From what did the wealth of {s} come?"},
		},
		"mayor": {
			say:  []string{"The mayor of {s} is {o}.", "{o} was elected mayor of {s} without a rival.", "As mayor of {s}, {o} had the quays rebuilt."},
			ask:  []string{"Who is the mayor of {s}?", "Who was elected mayor of {s}?"},
			noun: "the mayor of {s}",
		},
		"twin": {
			say:  []string{"{s} has {o} as its sister town.", "Every spring {s} sends a choir to {o}, its sister town.", "A partnership of long standing joins {s} with {o}."},
			ask:  []string{"What is the sister town of {s}?", "With which town does {s} have a partnership?"},
			noun: "the sister town of {s}",
		},
		"body_founded": {
			say: []string{"{s} was established in {o}.", "{s} goes back to the year {o}.", "The statutes of {s} were signed in {o}."},
			ask: []string{"In which year was {s} established?", "When were the statutes of {s} signed?"},
		},
		"founder": {
			say:  []string{"The founder of {s} was {o}.", "{s} owes its existence to {o}, its founder.", "It was {o} who founded {s} with a modest inheritance."},
			ask:  []string{"Who founded {s}?", "Who was the founder of {s}?"},
			noun: "the founder of {s}",
		},
		"seat": {
			say:  []string{"{s} has its seat in {o}.", "The main building of {s} stands in {o}.", "{s} is based in {o}, in a former customs house."},
			ask:  []string{"Where does {s} have its seat?", "In which town is {s} based?"},
			noun: "the town in which {s} has its seat",
		},
		"staff": {
			say: []string{"{s} employs {o} people.", "A staff of {o} works for {s}.", "The payroll of {s} lists {o} names."},
			ask: []string{"How many people does {s} employ?", "How large is the staff of {s}?"},
		},
		"field": {
			say: []string{"{s} is devoted to the study of {o}.", "The main concern of {s} is {o}.", "Scholars turn to {s} for anything that touches {o}."},
			ask: []string{"What does {s} study?", "To which subject is {s} devoted?"},
		},
		"budget": {
			say: []string{"{s} spends {o} a year.", "The yearly budget of {s} comes to {o}.", "According to its accounts, {s} had {o} at its disposal."},
			ask: []string{"How much money does {s} spend a year?", "What is the yearly budget of {s}?"},
		},
		"author": {
			say:  []string{"{s} was written by {o}.", "The author of {s} is {o}.", "It took {o} six winters to write {s}."},
			ask:  []string{"Who wrote {s}?", "Who is the author of {s}?"},
			noun: "the author of {s}",
		},
		"written": {
			say: []string{"{s} was finished in {o}.", "The last chapter of {s} bears the year {o}.", "{s} appeared in {o}, without the name of a publisher."},
			ask: []string{"In which year was {s} finished?", "When did {s} appear?"},
		},
		"pages": {
			say: []string{"{s} runs to {o} pages.", "The first edition of {s} has {o} pages.", "Readers of {s} have {o} pages before them."},
			ask: []string{"How many pages does {s} have?", "How long is the first edition of {s}?"},
		},
		"printed_in": {
			say:  []string{"{s} was first printed in {o}.", "A small press in {o} brought out {s}.", "The first copies of {s} left a printer's shop in {o}."},
			ask:  []string{"In which town was {s} first printed?", "Where was {s} first printed?"},
			noun: "the town where {s} was first printed",
		},
		"kept_by": {
			say:  []string{"The manuscript of {s} is kept by {o}.", "{o} keeps the manuscript of {s} in its vault.", "Anyone who wants to see the manuscript of {s} must write to {o}."},
			ask:  []string{"Which institution keeps the manuscript of {s}?", "Where is the manuscript of {s} kept?"},
			noun: "the institution that keeps the manuscript of {s}",
		},
		"topic": {
			say: []string{"{s} tells of {o}.", "The subject of {s} is {o}.", "At the heart of {s} stands {o}."},
			ask: []string{"What is {s} about?", "What is the subject of {s}?"},
		},
		"held_on": {
			say: []string{"{s} began on {o}.", "On {o} the flag was raised for {s}.", "The opening of {s} was set for {o}."},
			ask: []string{"On what date did {s} begin?", "When was the opening of {s}?"},
		},
		"held_in": {
			say:  []string{"{s} took place in {o}.", "The host of {s} was the town of {o}.", "For {s}, all inns in {o} were full."},
			ask:  []string{"Where did {s} take place?", "Which town was the host of {s}?"},
			noun: "the town where {s} took place",
		},
		"leader": {
			say:  []string{"{s} was led by {o}.", "At the head of {s} stood {o}.", "The leadership of {s} fell to {o}."},
			ask:  []string{"Who led {s}?", "Who stood at the head of {s}?"},
			noun: "the leader of {s}",
		},
		"attendance": {
			say: []string{"{s} drew {o} participants.", "The lists of {s} show {o} participants.", "{o} people took part in {s}."},
			ask: []string{"How many people took part in {s}?", "How many participants did {s} draw?"},
		},
		"cost": {
			say: []string{"{s} cost {o} in all.", "The final bill for {s} came to {o}.", "The treasurer paid out {o} for {s}."},
			ask: []string{"How much did {s} cost?", "To what sum did the final bill for {s} come?"},
		},
		"purpose": {
			say: []string{"{s} was called {o}.", "The declared purpose of {s} was {o}.", "{s} was arranged {o}."},
			ask: []string{"What was the purpose of {s}?", "Why was {s} arranged?"},
		},
		"organiser": {
			say:  []string{"{s} was organised by {o}.", "{o} organised {s} at its own risk.", "The organiser of {s} was {o}."},
			ask:  []string{"Who organised {s}?", "Which institution was the organiser of {s}?"},
			noun: "the organiser of {s}",
		},
	}
}
