package main

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

func pod(namespace, name, ip string, ports ...corev1.ContainerPort) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{NodeName: "here", Containers: []corev1.Container{{Ports: ports}}},
		Status:     corev1.PodStatus{PodIP: ip},
	}
}

func cluster(t *testing.T, specs ...string) *state {
	http := corev1.ContainerPort{Name: "http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}
	s := &state{
		node: "here",
		pods: []*corev1.Pod{
			pod("a", "web", "10.0.0.1", http), pod("a", "client", "10.0.0.2"), pod("b", "far", "10.0.0.3", http),
		},
		namespaces: map[string]labels.Set{"a": {"team": "a"}, "b": {"team": "b"}},
	}
	for _, text := range specs {
		policy := &netv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "p"}}
		if err := yaml.UnmarshalStrict([]byte(text), &policy.Spec); err != nil {
			t.Fatal(err)
		}
		s.policies = append(s.policies, policy)
	}
	return s
}

func TestAllowed(t *testing.T) {
	web := "podSelector: {matchLabels: {app: web}}\n"
	for name, c := range map[string]struct {
		spec     string
		d        direction
		want     []string
		isolated bool
	}{
		"default deny":                            {"podSelector: {}\npolicyTypes: [Ingress]", ingress, nil, true},
		"the other direction":                     {"podSelector: {}\npolicyTypes: [Ingress]", egress, nil, false},
		"another pod":                             {"podSelector: {matchLabels: {app: client}}\npolicyTypes: [Ingress]", ingress, nil, false},
		"types unset, no egress":                  {web + "ingress: []", egress, nil, false},
		"types unset, egress":                     {web + "egress: [{}]", egress, []string{""}, true},
		"types unset, egress: ingress too":        {web + "egress: [{}]", ingress, nil, true},
		"rules of a direction that is not a type": {web + "policyTypes: [Egress]\ningress: [{}]", ingress, nil, false},
		"a rule without peers":                    {web + "ingress: [{}]", ingress, []string{""}, true},
		"pods of the policy's namespace": {
			web + "ingress: [{from: [{podSelector: {}}]}]", ingress, []string{"ip saddr { 10.0.0.1, 10.0.0.2 } "}, true},
		"pods of another namespace": {
			web + "ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}]}]", ingress,
			[]string{"ip saddr { 10.0.0.3 } "}, true},
		"both selectors": {
			web + "ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: far}}}]}]", ingress,
			[]string{"ip saddr { 10.0.0.3 } "}, true},
		"nobody is meant": {
			web + "ingress: [{from: [{podSelector: {matchLabels: {app: none}}}]}]", ingress, nil, true},
		"a block with exceptions": {
			web + "ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.0/16]}}]}]", ingress,
			[]string{"ip saddr 10.0.0.0/8 ip saddr != { 10.1.0.0/16, 10.2.0.0/16 } "}, true},
		"an IPv6 block": {web + "ingress: [{from: [{ipBlock: {cidr: 'fd00::/8'}}]}]", ingress, nil, true},
		"ports: number, range, protocol alone": {
			web + "ingress: [{ports: [{port: 80}, {port: 90, endPort: 99, protocol: UDP}, {protocol: SCTP}]}]", ingress,
			[]string{"tcp dport 80 ", "udp dport 90-99 ", "meta l4proto sctp "}, true},
		"a named port of the selected pod": {
			web + "ingress: [{ports: [{port: http}]}]", ingress, []string{"tcp dport 8080 "}, true},
		"a named port of another protocol": {
			web + "ingress: [{ports: [{port: http, protocol: UDP}]}]", ingress, nil, true},
		"a named port of the peers": {
			web + "policyTypes: [Egress]\negress: [{to: [{namespaceSelector: {}}], ports: [{port: http}]}]", egress,
			[]string{
				"ip daddr { 10.0.0.1, 10.0.0.2, 10.0.0.3 } ip daddr 10.0.0.1 tcp dport 8080 ",
				"ip daddr { 10.0.0.1, 10.0.0.2, 10.0.0.3 } ip daddr 10.0.0.3 tcp dport 8080 ",
			}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := cluster(t, c.spec)
			got, isolated := s.allowed(s.pods[0], c.d)
			if !reflect.DeepEqual(got, c.want) || isolated != c.isolated {
				t.Errorf("got %q isolated %v, want %q isolated %v", got, isolated, c.want, c.isolated)
			}
		})
	}
}

func TestPoliciesAddUp(t *testing.T) {
	s := cluster(t,
		"podSelector: {}\npolicyTypes: [Ingress]",
		"podSelector: {}\ningress: [{ports: [{port: 80}]}]",
		"podSelector: {}\ningress: [{ports: [{port: 81}]}]")
	got, _ := s.allowed(s.pods[0], ingress)
	if want := []string{"tcp dport 80 ", "tcp dport 81 "}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTable(t *testing.T) {
	s := cluster(t, "podSelector: {matchLabels: {app: web}}\ningress: [{ports: [{port: 80}]}]")
	elsewhere := pod("a", "web", "10.0.1.1")
	elsewhere.Spec.NodeName = "elsewhere"
	s.pods = append([]*corev1.Pod{elsewhere}, s.pods...)
	s.sort()
	want := `table inet netpol
delete table inet netpol
table inet netpol {
  chain ingress_10_0_0_1 { # a/web
    ip saddr 10.0.0.1 return
    tcp dport 80 return
    counter drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state related accept
    ct direction reply accept
    ip daddr vmap { 10.0.0.1 : jump ingress_10_0_0_1 }
  }
}
`
	if got := s.table(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestHasOwnAddress(t *testing.T) {
	ended, hosts, ipv6 := pod("a", "x", "10.0.0.1"), pod("a", "x", "10.0.0.1"), pod("a", "x", "fd00::1")
	ended.Status.Phase = corev1.PodSucceeded
	hosts.Spec.HostNetwork = true
	for _, without := range []*corev1.Pod{ended, hosts, ipv6, pod("a", "x", "")} {
		if hasOwnAddress(without) {
			t.Errorf("%+v has no address of its own", without)
		}
	}
	if !hasOwnAddress(pod("a", "x", "10.0.0.1")) {
		t.Error("a running pod has an address of its own")
	}
}
