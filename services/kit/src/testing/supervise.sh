# Runs one server for a test process: sh -c <this> supervise DIRECTORY GENTLE QUICK COMMAND...
#
# Commands come on standard input: start, stop (signal GENTLE, waits for the end), kill, pause, resume. Each is answered
# with a line. The end of the input means that the test process is done or gone, however it went: the server is ended
# (signal QUICK) and DIRECTORY removed. Should this shell be killed, the kernel kills the server (PR_SET_PDEATHSIG).
directory=$1 gentle=$2 quick=$3
shift 3
server=
trap '' HUP INT TERM

# The server and its children: PostgreSQL has one for each connection.
signal_family() {
  [ -z "$server" ] || kill -s "$1" "$server" $(cat "/proc/$server/task/$server/children" 2>/dev/null) 2>/dev/null
}
ended() {
  wait "$server" 2>/dev/null
  server=
}
end() {
  signal_family CONT
  [ -z "$server" ] || kill -s "$1" "$server"
  ended
}

while read -r command; do
  case $command in
    start)
      "$@" </dev/null >>"$directory/log" 2>&1 &
      server=$!
      ;;
    pause) signal_family STOP ;;
    resume) signal_family CONT ;;
    stop) end "$gentle" ;;
    kill)
      signal_family KILL
      ended
      ;;
  esac
  echo "$server"
done
end "$quick" 2>/dev/null
rm -rf "$directory"
