package hcl

// User is a person, or a program, that signs in to the pages or the API. What
// they may do comes from their role; passwords are set in the box, never here.
type User struct {
	// Name they sign in with: user.boss.
	Name string `hcl:",label"`
	// FullName as others see it.
	FullName string `hcl:"name" is:"1..100"`
	// Role: admin (everything), supervisor (teams, live and past), evaluator
	// (listens to recordings and rates), agent (their own desk), api (a program
	// with a token).
	Role string `hcl:"role" is:"admin|supervisor|evaluator|agent|api" default:"agent"`
	// Agent that this user is, where they take calls themselves: agent.mei.
	Agent string `hcl:"agent" is:"ref:agent"`
	// Mail that reports and alarms go to.
	Mail string `hcl:"mail" is:"mail"`
	// Language of the pages, as a BCP 47 tag. When not written: the browser's.
	Language string `hcl:"language" is:"language"`
}

var userKind = &kind{name: "user", new: func() any { return new(User) }, effect: atOnce, example: `
user "boss" {
  name     = "Boss Wu"
  role     = "supervisor"
  agent    = agent.mei
  mail     = "boss@example.com"
  language = "zh-Hant"
}
`}

// unknown answers those who look for a place to write a password.
func (u *User) unknown(name string) string {
	if name == "password" || name == "pin" {
		return "Passwords are set in the box, never here: callbox user password " + u.Name + "."
	}
	return ""
}
