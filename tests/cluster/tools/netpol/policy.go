package main

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	corev1 "k8s.io/api/core/v1"
	netv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// state is all that the rules follow from.
type state struct {
	node       string
	pods       []*corev1.Pod // those with an address of their own
	namespaces map[string]labels.Set
	policies   []*netv1.NetworkPolicy
}

// sort makes the same objects give the same table.
func (s *state) sort() {
	sort.Slice(s.pods, func(i, j int) bool { return address(s.pods[i]) < address(s.pods[j]) })
	name := func(p *netv1.NetworkPolicy) string { return p.Namespace + "/" + p.Name }
	sort.Slice(s.policies, func(i, j int) bool { return name(s.policies[i]) < name(s.policies[j]) })
}

// direction is one of the two in which a pod can be isolated.
type direction struct {
	kind netv1.PolicyType
	own  string // nft's field of the selected pod's address
	peer string // and of the other end's
}

var (
	egress  = direction{netv1.PolicyTypeEgress, "ip saddr", "ip daddr"}
	ingress = direction{netv1.PolicyTypeIngress, "ip daddr", "ip saddr"}
)

// rule is an ingress or egress rule of a policy; their types differ in names only.
type rule struct {
	peers []netv1.NetworkPolicyPeer
	ports []netv1.NetworkPolicyPort
}

// table gives the nft script that replaces the whole table.
//
// Only the direction of a connection's first packet is judged, in every packet: answers always pass, and a policy that changes
// holds for connections that exist. A pod can always reach itself. Traffic between a pod and its own node does not
// cross the forward hook and is never refused, as the API asks for.
func (s *state) table() string {
	var chains, rules strings.Builder
	for _, d := range []direction{egress, ingress} {
		var jumps []string
		for _, pod := range s.pods {
			allowed, isolated := s.allowed(pod, d)
			if pod.Spec.NodeName != s.node || !isolated {
				continue
			}
			name := strings.ToLower(string(d.kind)) + "_" + strings.ReplaceAll(address(pod), ".", "_")
			fmt.Fprintf(&chains, "  chain %s { # %s/%s\n", name, pod.Namespace, pod.Name)
			fmt.Fprintf(&chains, "    %s %s return\n", d.peer, address(pod))
			for _, match := range allowed {
				fmt.Fprintf(&chains, "    %sreturn\n", match)
			}
			fmt.Fprintf(&chains, "    counter drop\n  }\n")
			jumps = append(jumps, fmt.Sprintf("%s : jump %s", address(pod), name))
		}
		if len(jumps) > 0 {
			fmt.Fprintf(&rules, "    %s vmap { %s }\n", d.own, strings.Join(jumps, ", "))
		}
	}
	return "table inet netpol\ndelete table inet netpol\ntable inet netpol {\n" + chains.String() +
		"  chain forward {\n    type filter hook forward priority filter; policy accept;\n" +
		"    ct state related accept\n    ct direction reply accept\n" + rules.String() + "  }\n}\n"
}

// allowed gives a match for each kind of packet that a pod may exchange in one direction, and whether any policy isolates it there.
func (s *state) allowed(pod *corev1.Pod, d direction) (matches []string, isolated bool) {
	for _, policy := range s.policies {
		selected := policy.Namespace == pod.Namespace && selects(&policy.Spec.PodSelector, pod.Labels)
		if !selected || !slices.Contains(types(policy), d.kind) {
			continue
		}
		isolated = true
		for _, r := range rulesOf(policy, d) {
			matches = append(matches, s.matches(pod, policy.Namespace, d, r)...)
		}
	}
	return matches, isolated
}

// types gives the directions a policy is about. Unset means ingress, and egress when there are rules for it.
func types(policy *netv1.NetworkPolicy) []netv1.PolicyType {
	switch {
	case len(policy.Spec.PolicyTypes) > 0:
		return policy.Spec.PolicyTypes
	case len(policy.Spec.Egress) > 0:
		return []netv1.PolicyType{netv1.PolicyTypeIngress, netv1.PolicyTypeEgress}
	}
	return []netv1.PolicyType{netv1.PolicyTypeIngress}
}

func rulesOf(policy *netv1.NetworkPolicy, d direction) (rules []rule) {
	if d == egress {
		for _, r := range policy.Spec.Egress {
			rules = append(rules, rule{r.To, r.Ports})
		}
		return rules
	}
	for _, r := range policy.Spec.Ingress {
		rules = append(rules, rule{r.From, r.Ports})
	}
	return rules
}

// matches gives the product of a rule's peers and ports as nft matches, each with a space at its end.
func (s *state) matches(pod *corev1.Pod, namespace string, d direction, r rule) (all []string) {
	for _, peer := range s.peers(namespace, d, r.peers) {
		if len(r.ports) == 0 {
			all = append(all, peer)
		}
		for _, port := range r.ports {
			if port.Port == nil || port.Port.Type == intstr.Int {
				all = append(all, peer+numbered(port))
				continue
			}
			for _, named := range s.named(pod, d, port) {
				all = append(all, peer+named)
			}
		}
	}
	return all
}

// peers gives a match for each peer; one that matches everything when there is none.
func (s *state) peers(namespace string, d direction, peers []netv1.NetworkPolicyPeer) (all []string) {
	if len(peers) == 0 {
		return []string{""}
	}
	for _, peer := range peers {
		if peer.IPBlock != nil {
			all = append(all, block(d, peer.IPBlock)...)
			continue
		}
		var addresses []string
		for _, pod := range s.pods {
			if s.means(peer, namespace, pod) {
				addresses = append(addresses, address(pod))
			}
		}
		if len(addresses) > 0 {
			all = append(all, fmt.Sprintf("%s { %s } ", d.peer, strings.Join(addresses, ", ")))
		}
	}
	return all
}

// block gives the match of an address block; none for IPv6, which this network does not have.
func block(d direction, b *netv1.IPBlock) []string {
	if !isIPv4(b.CIDR) {
		return nil
	}
	match := fmt.Sprintf("%s %s ", d.peer, b.CIDR)
	if len(b.Except) > 0 {
		match += fmt.Sprintf("%s != { %s } ", d.peer, strings.Join(b.Except, ", "))
	}
	return []string{match}
}

// means tells whether a peer of a policy in namespace names this pod.
func (s *state) means(peer netv1.NetworkPolicyPeer, namespace string, pod *corev1.Pod) bool {
	if peer.NamespaceSelector == nil {
		return pod.Namespace == namespace && selects(peer.PodSelector, pod.Labels)
	}
	return selects(peer.NamespaceSelector, s.namespaces[pod.Namespace]) &&
		(peer.PodSelector == nil || selects(peer.PodSelector, pod.Labels))
}

// numbered gives the match of a port without a name: every port, one or a range.
func numbered(port netv1.NetworkPolicyPort) string {
	switch {
	case port.Port == nil:
		return fmt.Sprintf("meta l4proto %s ", protocol(port.Protocol))
	case port.EndPort != nil:
		return fmt.Sprintf("%s dport %d-%d ", protocol(port.Protocol), port.Port.IntVal, *port.EndPort)
	}
	return fmt.Sprintf("%s dport %d ", protocol(port.Protocol), port.Port.IntVal)
}

// named gives the matches of a named port. A name is the destination's: the selected pod's on ingress, on egress
// any pod's that has such a port.
func (s *state) named(pod *corev1.Pod, d direction, port netv1.NetworkPolicyPort) (all []string) {
	if d == ingress {
		for _, number := range numbers(pod, port) {
			all = append(all, fmt.Sprintf("%s dport %d ", protocol(port.Protocol), number))
		}
		return all
	}
	for _, other := range s.pods {
		for _, number := range numbers(other, port) {
			all = append(all, fmt.Sprintf("ip daddr %s %s dport %d ", address(other), protocol(port.Protocol), number))
		}
	}
	return all
}

// numbers looks a named port up among a pod's containers; init containers count, for those that keep running.
func numbers(pod *corev1.Pod, port netv1.NetworkPolicyPort) (found []int32) {
	for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		for _, candidate := range container.Ports {
			if candidate.Name == port.Port.StrVal && protocol(&candidate.Protocol) == protocol(port.Protocol) {
				found = append(found, candidate.ContainerPort)
			}
		}
	}
	return found
}

// protocol is TCP when unset.
func protocol(p *corev1.Protocol) string {
	if p == nil || *p == "" {
		return "tcp"
	}
	return strings.ToLower(string(*p))
}

// selects applies a selector; nil selects nothing and an empty one everything.
func selects(selector *metav1.LabelSelector, set labels.Set) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(set)
}

// address gives a pod's IPv4 address, or nothing.
func address(pod *corev1.Pod) string {
	if ip, err := netip.ParseAddr(pod.Status.PodIP); err == nil && ip.Is4() {
		return pod.Status.PodIP
	}
	return ""
}

func isIPv4(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && prefix.Addr().Is4()
}
