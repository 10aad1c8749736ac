package scorers

// DialogRERelations are the relations that count as predicted, of the data set's
// 36 classes those that have rows (dialogueRE_evaluate.py at 9c5da3d).
func DialogRERelations() []string {
	return []string{
		"gpe:residents_of_place", "gpe:visitors_of_place", "org:employees_or_members", "org:students", "per:acquaintance",
		"per:age", "per:alternate_names", "per:alumni", "per:boss", "per:children", "per:client", "per:date_of_birth",
		"per:dates", "per:employee_or_member_of", "per:friends", "per:girl/boyfriend", "per:major",
		"per:negative_impression", "per:neighbor", "per:origin", "per:other_family", "per:parents", "per:pet",
		"per:place_of_residence", "per:place_of_work", "per:positive_impression", "per:roommate", "per:schools_attended",
		"per:siblings", "per:spouse", "per:subordinate", "per:title", "per:visited_place", "per:works",
	}
}

// TacREDRelations are TacRED's relations, without no_relation (tacred_infer.py
// at 9c5da3d).
func TacREDRelations() []string {
	return []string{
		"org:alternate_names", "org:city_of_headquarters", "org:country_of_headquarters", "org:dissolved", "org:founded",
		"org:founded_by", "org:member_of", "org:members", "org:number_of_employees/members", "org:parents",
		"org:political/religious_affiliation", "org:shareholders", "org:stateorprovince_of_headquarters",
		"org:subsidiaries", "org:top_members/employees", "org:website", "per:age", "per:alternate_names",
		"per:cause_of_death", "per:charges", "per:children", "per:cities_of_residence", "per:city_of_birth",
		"per:city_of_death", "per:countries_of_residence", "per:country_of_birth", "per:country_of_death",
		"per:date_of_birth", "per:date_of_death", "per:employee_of", "per:origin", "per:other_family", "per:parents",
		"per:religion", "per:schools_attended", "per:siblings", "per:spouse", "per:stateorprovince_of_birth",
		"per:stateorprovince_of_death", "per:stateorprovinces_of_residence", "per:title",
	}
}
