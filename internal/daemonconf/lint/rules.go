package lint

import "strings"

// Rule is a kind of mistake.
type Rule struct {
	Name     string
	Severity Severity // of most of its findings
	Title    string
	Why      string   // the case, then the rule
	Sources  []string // where to read on
	run      func(*world)
}

// Names of rules that share a function with others.
const (
	ruleGap         = "weight-below-gap"
	ruleNoPreempt   = "weight-with-nopreempt"
	ruleBelow       = "script-below-instance"
	ruleUndefined   = "tracked-undefined"
	ruleGroupWeight = "weight-in-sync-group"
	ruleUntracked   = "script-not-tracked"
	ruleNoCheck     = "no-check"
	ruleElsewhere   = "check-asks-elsewhere"
)

// Sources that rules have in common.
const (
	manKeepalived = "keepalived.conf(5)"
	rfc           = "RFC 5798"
	manHAProxy    = "HAProxy configuration manual"
)

func k(n string) string { return "keepalived issue " + n }

// Rules lists all rules.
func Rules() []Rule {
	list := append(deadHAProxy(), twoNodes()...)
	return append(list, afterwards()...)
}

// RuleNamed finds a rule.
func RuleNamed(name string) (Rule, bool) {
	for _, r := range Rules() {
		if r.Name == strings.TrimSpace(name) {
			return r, true
		}
	}
	return Rule{}, false
}

// deadHAProxy are the rules about a HAProxy that dies while the VIP stays.
func deadHAProxy() []Rule {
	return []Rule{
		{ruleGap, Error, "a check's weight is not more than the gap of the priorities",
			"Priorities 200 and 100, weight 100: when HAProxy dies, 300 falls to 200, and the other node has 200. Equal is not lower, so the VIP stays where nothing answers. A weight never makes FAULT; it must be more than the gap, or be left out.",
			[]string{rfc + ", 6.4.2", manKeepalived + ", vrrp_script"}, weights},
		{ruleNoPreempt, Error, "a check with a weight, and nopreempt on the backup",
			"The check takes 50 off the master, which goes on sending adverts. A backup with nopreempt takes over from nobody who sends adverts, however low they are.",
			[]string{k("2379"), rfc + ", 6.4.2"}, weights},
		{"slow-check", Warning, "a dead HAProxy costs far more than a dead machine",
			"interval 3 and fall 10 are 27 to 30 seconds until keepalived believes its check. A machine that is dead is noticed after three adverts.",
			[]string{manKeepalived + ", vrrp_script"}, slowCheck},
		{"check-never-fails", Error, "a check that ends with 0 whatever it finds",
			"`nc -z 127.0.0.1 443 || echo 1` prints 1 and ends with echo's code, 0; keepalived looks at the code only.",
			[]string{k("1420"), k("1197")}, neverFails},
		{"check-stops-keepalived", Error, "a check that ends keepalived, or takes the node off the network, itself",
			"A script that runs `killall keepalived` gives the VIP away for good: nothing starts keepalived again. With a slip in its test, such as a missing space before ], it does so at once, though HAProxy is healthy. One that runs `ip link set eth0 down` leaves a machine that nobody reaches.",
			[]string{k("1152")}, stopsKeepalived},
		{"script-disabled", Error, "keepalived does not run the check",
			"enable_script_security without script_user, or a script that others may write: keepalived says so once in its log and goes on without the check.",
			[]string{k("2184"), k("901"), manKeepalived + ", script_user"}, scriptOff},
		{"shell-without-shell", Error, "a command line that needs a shell, run without one",
			"keepalived 1.3.5 runs scripts by system(), 2.x by execve(): pipes, redirects and backticks become words of the command. The check then fails always; with weight 0 every node is in FAULT.",
			[]string{k("600"), k("1107")}, shellNeeded},
		{"program-missing", Error, "a check whose program the machine does not have",
			"`killall -0 haproxy` on a machine without killall: the check fails always, and with weight 0 every node is in FAULT. Only halab import knows what a machine has.",
			[]string{manKeepalived + ", vrrp_script"}, absentProgram},
		{ruleUntracked, Error, "a check that no instance tracks",
			"A vrrp_script that no track_script names is never run.", []string{manKeepalived + ", track_script"}, tracked},
		{ruleBelow, Error, "a check that is defined below the instance that tracks it",
			"keepalived looks a tracked script up while it reads the instance. One that is defined further down is not found and ignored.",
			[]string{manKeepalived + ", track_script"}, tracked},
		{ruleUndefined, Error, "a tracked name that is defined nowhere",
			"chk_haproxy is defined and check_haproxy is tracked: keepalived says so in its log and goes on without.",
			[]string{manKeepalived + ", track_script"}, tracked},
		{ruleGroupWeight, Error, "a check with a weight in a sync group",
			"The instances of a sync group move together, so keepalived drops checks that would move one of them by its priority.",
			[]string{manKeepalived + ", vrrp_sync_group"}, tracked},
		{ruleNoCheck, Error, "nothing checks HAProxy",
			"Without a tracked check keepalived knows of machines, links and itself only.", []string{manKeepalived + ", track_script"}, tracked},
		{ruleElsewhere, Error, "a check that looks at something else than HAProxy",
			"A file that was made for nginx, or a check of port 6443 while HAProxy listens on 8443: it says nothing about HAProxy.",
			[]string{manKeepalived + ", vrrp_script"}, tracked},
		{"started-by-notify", Error, "HAProxy is started by notify_master, and the check demands it",
			"The backup's check fails because HAProxy only starts on the master, and it can't become master because its check fails.",
			[]string{k("731")}, startedByNotify},
		{"check-too-deep", Warning, "a check that measures the servers",
			"The check asks a path that HAProxy passes on. When the servers are slow, the checks of all nodes fail, and the VIP moves or vanishes though every HAProxy is well.",
			[]string{"openshift/machine-config-operator pull request 3357"}, tooDeep},
		{"check-asks-vip", Error, "a check that asks the VIP from every node",
			"The standby asks the VIP over the network, so its check fails in the same moment as the holder's: with weight 0 all are in FAULT, with a weight all fall alike.",
			[]string{manKeepalived + ", vrrp_script"}, asksVIP},
		{"fractional-interval", Info, "an interval with a fraction, before keepalived 2.3.2",
			"Before 2.3.2 interval 0.5 is one second, without a word.", []string{manKeepalived + ", vrrp_script"}, fraction},
	}
}

// twoNodes are the rules about two holders, or none.
func twoNodes() []Rule {
	return []Rule{
		{"same-priority", Error, "priorities that do not decide",
			"One file copied to all nodes: equal priorities, both state MASTER. Each is master after its start until it hears the other; then the higher address keeps the VIP.",
			[]string{k("2323"), k("107"), rfc + ", 6.4.3"}, samePriority},
		{"foreign-source", Error, "a unicast_src_ip that is another node's",
			"A file that was copied with the other node's address, or an address that the machine no longer has: keepalived 2.2 goes to FAULT, 2.3 has every VIP on every node.",
			[]string{k("2651")}, sources},
		{"interface-missing", Error, "an interface that the machine does not have",
			"The file was written for eth0, and the machine calls it ens3: keepalived leaves the instance out. Only halab import knows what a machine has.",
			[]string{manKeepalived + ", interface"}, noInterface},
		{"unicast-and-multicast", Error, "one node speaks unicast, the other multicast",
			"An empty unicast_peer means multicast. The other node sends to an address, and neither hears the other.",
			[]string{"openshift/machine-config-operator pull request 2576"}, differences("cast")},
		{"peer-missing", Error, "a unicast_peer that does not name the other node",
			"Adverts go to addresses that are not the other node's; that node hears nothing and becomes master.",
			[]string{manKeepalived + ", unicast_peer"}, differences("peer")},
		{"router-id-shared", Error, "two clusters with one virtual_router_id on one segment",
			"Everybody copies 51. Each pair hears the other's adverts, refuses them for their addresses, and fills its log; older versions obey them.",
			[]string{k("2444"), "kubeasz issue 126"}, sharedIDs},
		{"vip-on-one-node", Warning, "a VIP that one node alone has",
			"A vrrp_instance was added on one node, or its address is another one there: when the node is lost, nobody has it.", []string{rfc + ", 6.4"}, single},
		{"router-id-differs", Error, "one VIP, two virtual_router_ids",
			"Adverts with another id are another cluster's: both nodes are master.", []string{rfc + ", 5.2.3"}, differences("router-id")},
		{"version-differs", Error, "one node speaks VRRPv2, the other VRRPv3",
			"Adverts of the other version are refused: both nodes are master.", []string{rfc + ", 7.1"}, differences("version")},
		{"auth-differs", Error, "authentication differs",
			"keepalived 2 refuses adverts with another auth_type or another password (its first eight characters): both nodes are master. 1.3.5 resets its timer by them, so there is one.",
			[]string{k("562")}, differences("auth")},
		{"advert-differs", Error, "advert_int differs",
			"VRRPv2 refuses adverts with another interval: both nodes are master. VRRPv3 learns the master's.", []string{k("2235"), rfc + ", 7.1"}, differences("advert")},
		{"addresses-differ", Error, "the lists of addresses differ",
			"A VIP was added on one node first. keepalived 2 refuses an advert whose addresses are not its own, so both are master until both are reloaded.",
			[]string{k("1603")}, differences("addresses")},
		{"sync-group-crossed", Error, "a sync group with crossed priorities",
			"inside 100/90, outside 90/100: each node wins one instance and drags the other with it, without end.", []string{k("624")}, crossed},
		{"vrrp-strict", Error, "vrrp_strict, and services on the VIP",
			"vrrp_strict has keepalived drop all packets to the VIP, unless the instance says accept: it answers ARP and nothing else. It also refuses unicast peers.",
			[]string{manKeepalived + ", vrrp_strict"}, strict},
		{"value-ignored", Error, "a value that keepalived does not take",
			"`state master`, `priority high`, an address with 400 in it: keepalived says so once in its log and goes on with its own value, or without.",
			[]string{manKeepalived}, ignored},
		{"nopreempt-ignored", Warning, "nopreempt with state MASTER",
			"nopreempt works with state BACKUP only.", []string{manKeepalived + ", nopreempt"}, ignoredNoPreempt},
		{"boot-election", Info, "a backup may be master for a moment at boot",
			"A backup that boots may send adverts before it hears the master's. They are lower, so the real master stays master and does not run notify_master again, whatever the backup's notify script has done meanwhile.",
			[]string{k("2231")}, booted},
		{"vip-stolen", Info, "keepalived before 2.0 does not guard the VIP",
			"networkd and NetworkManager remove addresses that they do not know, and keepalived before 2.0 does not put the VIP back.", []string{k("836"), k("1170")}, blind},
		{"auth-pass-cut", Info, "auth_pass is longer than eight characters", "VRRPv2 has eight bytes for it.", []string{"RFC 2338, 5.3.10"}, cut},
		{"include-missing", Info, "an include that finds no file", "keepalived goes on without; lint can't judge what it does not see.", []string{manKeepalived + ", include"}, included},
		{"virtual-server", Info, "virtual_server is not judged", "virtual_server has the kernel balance connections itself, by IP_VS: lint reads it and says nothing about it.", []string{manKeepalived + ", virtual_server"}, notRun},
	}
}

// afterwards are the rules about a VIP that has moved while clients still fail.
func afterwards() []Rule {
	return []Rule{
		{"bind-needs-address", Error, "a listener on an address that the machine has not always, without ip_nonlocal_bind",
			"HAProxy can't listen on an address that the machine has not. On the standby it is not running, and when the VIP comes, nobody starts it.",
			[]string{"opnsense/plugins issue 1289", manHAProxy + ", bind"}, bound},
		{"bind-beside-vip", Error, "a listener on an address beside the VIP",
			"One digit is wrong: the VIP moves as it should, and nothing listens on it anywhere.", []string{manHAProxy + ", bind"}, beside},
		{"listener-missing", Error, "a port that only one node listens on",
			"A service was added on one node. After the VIP has moved its port is closed.", []string{manHAProxy + ", bind"}, listeners},
		{"backend-missing", Error, "a backend that is defined nowhere", "default_backend webs, and the section is called web: HAProxy refuses the file.", []string{manHAProxy + ", default_backend"}, nowhere},
		{"idle-timeout", Warning, "idle TCP connections end soon",
			"timeout client and timeout server also end idle connections of mode tcp unless timeout tunnel is set.", []string{"kubeadm issue 2227", manHAProxy + ", timeout tunnel"}, idle},
		{"sessions-stay", Warning, "sessions stay on a server that is marked down",
			"A check by HTTP finds that a database is no longer the leader. New sessions go elsewhere; old ones go on writing to it.", []string{"patroni issue 421", manHAProxy + ", on-marked-down"}, sessions},
		{"no-redispatch", Warning, "retries that all go to the dead server",
			"retries 3 without option redispatch tries the same server again until the checks call it down.", []string{"haproxy issue 830", manHAProxy + ", option redispatch"}, dispatch},
		{"check-overridden", Warning, "a check that a later option replaces",
			"option httpchk GET /healthz and then option ssl-hello-chk: the last one wins, and /healthz is never asked.", []string{manHAProxy + ", option httpchk"}, lastCheck},
		{"servers-unchecked", Warning, "a check that no server uses", "option httpchk says how a server is asked. That it is asked at all, the word check on its line says, and no server has it.", []string{manHAProxy + ", check"}, unchecked},
		{"syntax-version", Error, "words that this version does not have",
			"`listen web *:80` and nbproc are read by HAProxy 1.5 and refused by 2.5; track_process is unknown to keepalived 1.3.5.", []string{manHAProxy, manKeepalived}, syntax},
		{"http-in-tcp", Warning, "a rule about HTTP in mode tcp", "hdr() sees no header where bytes are passed on unread.", []string{manHAProxy + ", 7.3.6"}, httpInTCP},
	}
}
