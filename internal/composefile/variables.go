package composefile

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"
	"go.yaml.in/yaml/v4"

	"halab/internal/topology"
)

// Variables of the lab's own description.
const (
	varName    = "HALAB_NAME"
	varBase    = "HALAB_BASE"
	varProfile = "HALAB_PROFILE"
	varParent  = "HALAB_PARENT"
	varPrefix  = "HALAB_PREFIX"
	varMAC     = "HALAB_MAC"
)

// baseAuto is the value of HALAB_BASE that leaves the choice to halab.
const baseAuto = "auto"

// setVariables puts the options where a description's variables find them.
func (l *loader) setVariables() {
	o := &l.options
	if l.env[varBase] == baseAuto {
		delete(l.env, varBase) // a choice still to be made, no image's tag
	}
	for _, v := range []struct {
		name string
		flag *string
	}{{varName, &o.Name}, {varBase, &o.Base}, {varProfile, &o.Profile}, {varParent, &o.Parent}} {
		if *v.flag == "" {
			*v.flag = l.env[v.name]
		}
		if *v.flag != "" {
			l.env[v.name] = *v.flag
		}
	}
	if o.Name != "" && o.Parent == "" {
		l.env[varParent] = topology.OwnParent(o.Name)
	}
	l.setSubnet()
}

// setSubnet turns --subnet into the first three numbers of every address and
// the first five bytes of every MAC address.
func (l *loader) setSubnet() {
	if l.options.Subnet != "" {
		p, err := netip.ParsePrefix(l.options.Subnet)
		if err != nil || !p.Addr().Is4() || p.Bits() != 24 || p != p.Masked() {
			l.findings = append(l.findings, finding{file: "--subnet", what: fmt.Sprintf("%q is not a subnet to move the lab to", l.options.Subnet),
				why: "every address keeps its last number", cure: "use an IPv4 network of 256 addresses, such as 10.1.2.0/24"})
			return
		}
		l.env[varPrefix] = strings.TrimSuffix(p.Addr().String(), ".0")
		delete(l.env, varMAC)
	}
	if a, err := netip.ParseAddr(l.env[varPrefix] + ".0"); err == nil && a.Is4() && l.env[varMAC] == "" {
		b := a.As4()
		l.env[varMAC] = fmt.Sprintf("02:68:%02x:%02x:%02x", b[0], b[1], b[2])
	}
}

// checkVariables finds variables that have neither value nor default, and
// dollar signs that begin nothing. It sets the former to nothing, so that the
// rest of the file can be looked into.
func (l *loader) checkVariables() {
	unset := map[string]bool{}
	for _, s := range l.sources {
		seen := map[*yaml.Node]bool{}
		for _, doc := range s.docs {
			eachScalar(doc, doc, seen, func(owner, n *yaml.Node) { l.checkScalar(s, owner, n, unset) })
		}
	}
	for name := range unset {
		l.env[name] = ""
	}
}

// checkScalar looks into one text; owner is the key that it belongs to, or the
// text itself.
func (l *loader) checkScalar(s *source, owner, n *yaml.Node, unset map[string]bool) {
	if !strings.Contains(n.Value, "$") {
		return
	}
	add := func(what, why, cure string) {
		l.findings = append(l.findings, finding{file: s.name, line: n.Line, what: what, why: why, cure: cure})
		l.quiet.add(s.placeOf(owner))
	}
	if _, err := template.SubstituteWithOptions(n.Value, everySet, template.WithoutLogging); err != nil {
		add(fmt.Sprintf("%q has a dollar sign that begins no variable", n.Value), "Compose replaces $NAME and ${NAME} by variables", "write $$ for a dollar sign as such")
		l.broken.add(s.placeOf(owner))
		return
	}
	for _, v := range l.undefined(n.Value) {
		unset[v] = true
		add(fmt.Sprintf("variable %s is not set", v), "it would become nothing, which is hardly meant",
			fmt.Sprintf("set it in the environment, or write ${%s:-DEFAULT} (a dollar sign as such is $$)", v))
	}
	_, err := template.SubstituteWithOptions(n.Value, l.lookup, template.WithoutLogging)
	var missing *template.MissingRequiredError
	if errors.As(err, &missing) {
		add(fmt.Sprintf("variable %s is not set", missing.Variable), "the file demands it: "+orElse(missing.Reason, "no reason given"), "set it in the environment")
		l.broken.add(s.placeOf(owner))
	}
}

// everySet is an environment in which every variable is set.
func everySet(string) (string, bool) { return "x", true }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (l *loader) lookup(name string) (string, bool) {
	v, ok := l.env[name]
	return v, ok
}

// undefined lists the variables of a text that have neither value nor default.
func (l *loader) undefined(text string) []string {
	var names []string
	for name, v := range template.ExtractVariables(map[string]any{"": text}, template.DefaultPattern) {
		if _, set := l.env[name]; set || v.Required || v.DefaultValue != "" || v.PresenceValue != "" {
			continue
		}
		// An empty default looks like none once it is extracted.
		if slices.ContainsFunc([]string{"-", ":-", "+", ":+"}, func(op string) bool { return strings.Contains(text, "${"+name+op) }) {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// eachScalar calls f once for every scalar value that Compose looks for
// variables in, which keys are not.
func eachScalar(owner, n *yaml.Node, seen map[*yaml.Node]bool, f func(owner, n *yaml.Node)) {
	if seen[n] {
		return
	}
	seen[n] = true
	switch n.Kind {
	case yaml.ScalarNode:
		f(owner, n)
	case yaml.AliasNode:
		eachScalar(owner, n.Alias, seen, f)
	case yaml.MappingNode:
		for i := 1; i < len(n.Content); i += 2 {
			eachScalar(n.Content[i-1], n.Content[i], seen, f)
		}
	default:
		for _, c := range n.Content {
			eachScalar(c, c, seen, f)
		}
	}
}
