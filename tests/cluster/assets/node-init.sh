#!/bin/bash
# First process of the node's namespaces: lays the mounts, then starts and awaits the daemons. Its end ends them all.
set -eu
mount --make-rshared /                                   # of this private namespace: volumes may reach containers
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/containerd /run/lock
mount --bind "@ROOT@/var-log" /var/log
# No name server: a pull of an image that is not there fails at once instead of waiting for one that cannot be reached.
if [ -e /etc/resolv.conf ]; then mount --bind "@CONF@/resolv.conf" /etc/resolv.conf; fi
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup          # the hierarchies, seen from our own group down
for c in cpu cpuacct cpuset memory devices freezer blkio pids; do
  mkdir "/sys/fs/cgroup/$c"
  mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c"
done
mkdir /sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
# The kubelet writes these machine-wide settings unless they already read as it wants: show it files of ours instead.
for kv in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
  f="@ROOT@/sysctl/$(basename "${kv%=*}")"
  echo "${kv#*=}" > "$f"
  mount --bind "$f" "/proc/sys/${kv%=*}"
done
hostname node-1
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables    # pod to pod on the bridge passes the firewall too
export PATH="@PATH@"
start() { local n=$1; shift; "$@" > "@LOG@/$n.log" 2>&1 & }
start containerd containerd --config "@CONF@/containerd.toml"
until ctr --address "@SOCKET@" version > /dev/null 2>&1; do sleep 0.1; done
for image in "@IMAGES@"/*.tar; do
  ctr --address "@SOCKET@" -n k8s.io images import --local "$image" >> "@LOG@/import.log" 2>&1
done
start kubelet kubelet --config="@CONF@/kubelet.yaml" --kubeconfig="@CONF@/kubelet.kubeconfig" --root-dir="@ROOT@/kubelet" --hostname-override=node-1 --node-ip=@NODE@
start kube-proxy kube-proxy --config="@CONF@/kube-proxy.yaml"
start netpol netpol --kubeconfig="@CONF@/netpol.kubeconfig" --node=node-1
start metrics-server metrics-server --kubeconfig="@CONF@/metrics-server.kubeconfig" \
  --authentication-kubeconfig="@CONF@/metrics-server.kubeconfig" --authorization-kubeconfig="@CONF@/metrics-server.kubeconfig" \
  --bind-address=@NODE@ --secure-port=10443 \
  --tls-cert-file="@PKI@/metrics-server.crt" --tls-private-key-file="@PKI@/metrics-server.key" \
  --kubelet-preferred-address-types=InternalIP --kubelet-certificate-authority="@PKI@/ca.crt" \
  --metric-resolution=10s --kubelet-request-timeout=5s
trap 'exit 0' TERM INT
while :; do wait -n || true; sleep 1; done
