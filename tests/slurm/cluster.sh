#!/usr/bin/env bash
# A real SLURM cluster on this one machine, from Debian's packages, on the loopback interface only.
#
#   tests/slurm/cluster.sh able    whether it can be started here; says why not
#   tests/slurm/cluster.sh up      install if need be, start what does not run, wait for idle nodes
#   tests/slurm/cluster.sh down    end all jobs and daemons, forget everything
#   tests/slurm/cluster.sh node 2  start the second node's daemon, if it does not run
#
# Needs root (it is for containers and CI machines), no systemd. Several slurmd on one host are told
# apart by name and port; each pretends to have CPUS cores, so that jobs which wait can share two.
set -euo pipefail
NODES=${NODES:-3} ALL=$((NODES + 1)) CPUS=${CPUS:-16} MEMORY=${MEMORY:-16000}
HOME_DIR=${SLURM_TEST_HOME:-/var/lib/hdemucs-slurm}
RUN=$HOME_DIR/run LOG=$HOME_DIR/log DATABASE=$HOME_DIR/database
PACKAGES=(slurmctld slurmd slurm-client slurmdbd munge mariadb-server)

die() { echo "cluster.sh: $*" >&2; exit 1; }

# runs NAME: the daemon whose process id is in NAME.pid is alive (not a zombie, not another process).
runs() {
    local file=$RUN/$1.pid
    [ "$1" = mariadbd ] && file=$DATABASE/mariadbd.pid
    { [ -s "$file" ] && tr '\0' ' ' <"/proc/$(cat "$file")/cmdline" | grep -q "${1%%-*}"; } 2>/dev/null
}

await() { # await WHAT COMMAND...
    for _ in $(seq 1200); do "${@:2}" >/dev/null 2>&1 && return; sleep 0.1; done
    die "$1 did not come up in 120 s; see $LOG"
}

# No other SLURM is configured here, whose files or jobs could be harmed.
ours() { [ ! -e /etc/slurm/slurm.conf ] || [ "$(readlink /etc/slurm/slurm.conf)" = "$HOME_DIR/slurm.conf" ]; }

install_packages() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${PACKAGES[@]}" >/dev/null
}

# Daemons listen where the host's name leads, and a DDP run meets at a node's name: both to loopback.
name_hosts() {
    local host
    for host in "$(hostname)" $(seq -f 'n%g' "$ALL"); do
        getent ahostsv4 "$host" | grep -q '^127\.' && continue
        printf '127.0.0.1 %s\n%s\n' "$host" "$(cat /etc/hosts)" >"$HOME_DIR/hosts"
        cat "$HOME_DIR/hosts" >/etc/hosts # in place: it may be a mount
    done
}

# Short waits, so that tests are short: credentials for a requeue, the grace of a kill, a dead node.
# Limits are not enforced at submission: a job beyond them waits for ever, as on many clusters.
# A node is ill that has a file ill-NODE: its prolog says so, and no job starts there.
# Finished jobs are soon forgotten by squeue: then only the accounts know them.
# The partition main has NODES nodes; jobs are preempted on one more, where they trouble no others.
write_slurm_conf() {
    cat >"$HOME_DIR/slurm.conf" <<EOF
ClusterName=hdemucs
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=cred_expire=5
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$HOME_DIR/state
SlurmdSpoolDir=$HOME_DIR/spool/%n
SlurmctldPidFile=$RUN/slurmctld.pid
SlurmdPidFile=$RUN/slurmd-%n.pid
SlurmctldLogFile=$LOG/slurmctld.log
SlurmdLogFile=$LOG/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
EnforcePartLimits=NO
ReturnToService=2
SlurmdTimeout=20
KillWait=5
Prolog=$HOME_DIR/prolog
MinJobAge=10
FirstJobId=$(($(date +%s) % 60000000))
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageEnforce=limits,qos
NodeName=n[1-$ALL] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[17001-$((17000 + ALL))] CPUs=$CPUS RealMemory=$MEMORY State=UNKNOWN
PartitionName=main Nodes=n[1-$NODES] Default=YES PreemptMode=OFF
PartitionName=short Nodes=n[1-$NODES] MaxTime=1 PreemptMode=OFF
PartitionName=night Nodes=n$ALL PriorityTier=1 GraceTime=20
PartitionName=urgent Nodes=n$ALL PriorityTier=10 PreemptMode=OFF
EOF
    printf '#!/bin/sh\n[ ! -e %s/ill-$SLURMD_NODENAME ]\n' "$HOME_DIR" >"$HOME_DIR/prolog"
    chmod 755 "$HOME_DIR/prolog"
    ln -sfn "$HOME_DIR/slurm.conf" /etc/slurm/slurm.conf
}

start_munge() {
    [ -s "$HOME_DIR/munge.key" ] || (umask 077 && head -c 1024 /dev/urandom >"$HOME_DIR/munge.key")
    runs munged || munged --key-file="$HOME_DIR/munge.key" --pid-file="$RUN/munged.pid" \
        --seed-file="$HOME_DIR/munge.seed" --log-file="$LOG/munged.log"
}

start_accounts() {
    [ -d "$DATABASE/mysql" ] || mariadb-install-db --user=mysql --datadir="$DATABASE" \
        --auth-root-authentication-method=normal --skip-test-db >"$LOG/mariadb.log" 2>&1
    runs mariadbd || { setsid mariadbd --no-defaults --user=mysql --datadir="$DATABASE" \
        --skip-networking --socket="$DATABASE/socket" --pid-file="$DATABASE/mariadbd.pid" \
        --innodb-buffer-pool-size=64M --innodb-flush-log-at-trx-commit=0 \
        --innodb-lock-wait-timeout=900 >>"$LOG/mariadb.log" 2>&1 </dev/null & }
    await mariadb mariadb-admin --user=root --socket="$DATABASE/socket" ping
    (umask 077 && cat >"$HOME_DIR/slurmdbd.conf") <<EOF
AuthType=auth/munge
DbdHost=localhost
SlurmUser=root
LogFile=$LOG/slurmdbd.log
PidFile=$RUN/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=root
EOF
    ln -sfn "$HOME_DIR/slurmdbd.conf" /etc/slurm/slurmdbd.conf
    runs slurmdbd || MYSQL_UNIX_PORT=$DATABASE/socket slurmdbd
    await slurmdbd sacctmgr --noheader show cluster
}

# Under the QOS "tight" a user may have one job in the queue.
limit_users() {
    sacctmgr --noheader show qos tight format=name | grep -q tight && return
    sacctmgr --immediate --quiet add cluster hdemucs || true # slurmctld may have done it
    sacctmgr --immediate --quiet add qos tight set MaxSubmitJobsPerUser=1
    sacctmgr --immediate --quiet modify user root set qos+=tight
}

start_node() { runs "slurmd-n$1" || slurmd -N "n$1"; }

all_idle() {
    [ "$(sinfo -h -N -p main,night -o %T | grep -cxE 'idle|mixed|allocated')" = "$ALL" ] && sacct -n
}

installed() { dpkg -s "${PACKAGES[@]}" >/dev/null 2>&1; }

able() {
    [ "$(id -u)" = 0 ] || die "needs root (a container, a CI machine)"
    ours || die "this machine has a SLURM of its own (/etc/slurm/slurm.conf)"
    installed || command -v apt-get >/dev/null || die "needs Debian's packages: ${PACKAGES[*]}"
}

up() {
    able
    installed || install_packages
    mkdir -p "$HOME_DIR"/{state,spool} "$RUN" "$LOG" /run/munge
    chmod 755 "$HOME_DIR" /run/munge
    chmod 700 "$LOG"
    name_hosts
    runs slurmctld || write_slurm_conf
    start_munge
    start_accounts
    limit_users
    runs slurmctld || slurmctld
    await slurmctld scontrol ping
    for i in $(seq "$ALL"); do start_node "$i"; done
    await "the nodes" all_idle
}

stop() { # stop NAME
    local file=$RUN/$1.pid
    [ "$1" = mariadbd ] && file=$DATABASE/mariadbd.pid
    if runs "$1"; then
        kill "$(cat "$file")"
        for _ in $(seq 200); do runs "$1" || break; sleep 0.1; done
    fi
    rm -f "$file"
}

# Steps whose node's daemon was killed wait for it for ever.
end_orphans() {
    local entry
    for entry in /proc/[0-9]*; do
        tr '\0' ' ' <"$entry/cmdline" 2>/dev/null | grep -q '^slurmstepd: \[' && kill -9 "${entry#/proc/}"
    done || true
}

down() {
    ours || die "this machine has a SLURM of its own (/etc/slurm/slurm.conf)"
    if timeout 5 scontrol ping >/dev/null 2>&1; then # jobs outlive slurmd: end them first
        scancel --me --full --signal=KILL || true
        scancel --me || true
        for _ in $(seq 100); do [ -z "$(squeue -h --me)" ] && break; sleep 0.1; done
    fi 2>/dev/null
    for i in $(seq "$ALL"); do stop "slurmd-n$i"; done
    end_orphans 2>/dev/null
    for name in slurmctld slurmdbd mariadbd munged; do stop "$name"; done
    rm -rf "$HOME_DIR" /etc/slurm/slurm.conf /etc/slurm/slurmdbd.conf
}

case ${1:-} in
able) able ;;
up) up ;;
down) down ;;
node) start_node "$2" ;;
*) die "say able, up, down or node NUMBER" ;;
esac
