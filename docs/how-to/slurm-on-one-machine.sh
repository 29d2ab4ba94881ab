#!/bin/sh
# Install and start Slurm on one Debian machine, reachable from itself only: to try plans with --engine slurm.
# Run as root, in a machine that you may change:   sh docs/how-to/slurm-on-one-machine.sh [folder]
# Afterwards:                                      export SLURM_CONF=<folder>/slurm.conf
# To stop it:                                      sh docs/how-to/slurm-on-one-machine.sh stop [folder]
set -eu
action=start
if [ "${1:-}" = stop ]; then action=stop; shift; fi
folder=${1:-/var/lib/fxstudy-slurm}
host=$(hostname -s)

stop() {
    for name in slurmctld slurmd slurmdbd mariadbd; do
        if [ -s "$folder/run/$name.pid" ]; then kill "$(cat "$folder/run/$name.pid")" 2>/dev/null || true; fi
    done
}
if [ "$action" = stop ]; then stop; exit 0; fi

if ! command -v slurmctld >/dev/null || ! command -v slurmdbd >/dev/null || ! command -v mariadbd >/dev/null; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends slurm-wlm slurmdbd mariadb-server munge
fi
mkdir -p "$folder/run" "$folder/log" "$folder/spool" "$folder/state" "$folder/data"

# munge proves to the daemons who is speaking.
mkdir -p /run/munge
chown munge:munge /run/munge /var/log/munge /var/lib/munge
[ -s /etc/munge/munge.key ] || { dd if=/dev/urandom of=/etc/munge/munge.key bs=1 count=1024 2>/dev/null; }
chown munge:munge /etc/munge/munge.key; chmod 400 /etc/munge/munge.key
munge -n >/dev/null 2>&1 || runuser -u munge -- /usr/sbin/munged

# The accounts: without them nobody can say what became of a cancelled job.
chown -R mysql "$folder/data"; chmod 755 "$folder" "$folder/run"; chown mysql "$folder/run"
if [ ! -d "$folder/data/mysql" ]; then
    mariadb-install-db --no-defaults --user=mysql --datadir="$folder/data" \
        --auth-root-authentication-method=normal >/dev/null
fi
mkdir -p /run/mysqld; ln -sf "$folder/run/m.sock" /run/mysqld/mysqld.sock
mariadbd --no-defaults --user=mysql --datadir="$folder/data" --socket="$folder/run/m.sock" --skip-networking \
    --pid-file="$folder/run/mariadbd.pid" >"$folder/log/mariadbd.log" 2>&1 &
for _ in $(seq 60); do mariadb --socket="$folder/run/m.sock" -e 'select 1' >/dev/null 2>&1 && break; sleep 0.5; done
mariadb --socket="$folder/run/m.sock" -e "create user if not exists 'slurm'@'localhost';
    grant all on slurm_acct_db.* to 'slurm'@'localhost';"

cat >"$folder/slurmdbd.conf" <<CONF
AuthType=auth/munge
DbdHost=localhost
DbdAddr=127.0.0.1
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm_acct_db
PidFile=$folder/run/slurmdbd.pid
LogFile=$folder/log/slurmdbd.log
CONF
chmod 600 "$folder/slurmdbd.conf"

cores=$(nproc)
memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.8)}' /proc/meminfo)
cat >"$folder/slurm.conf" <<CONF
ClusterName=loop
SlurmctldHost=$host(127.0.0.1)
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=cred_expire=20
SlurmUser=root
SlurmdUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=1,sched_interval=5
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
KillWait=10
MpiDefault=none
ReturnToService=2
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF="$folder/slurm.conf"
mkdir -p /etc/slurm; ln -sf "$folder/slurmdbd.conf" /etc/slurm/slurmdbd.conf
slurmdbd
for _ in $(seq 60); do sacctmgr -n show cluster >/dev/null 2>&1 && break; sleep 0.5; done
sacctmgr -i -Q add cluster loop >/dev/null 2>&1 || true
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in $(seq 60); do sinfo -h -o %t 2>/dev/null | grep -q idle && break; sleep 0.5; done
sinfo
echo "export SLURM_CONF=$SLURM_CONF"
