use super::*;

#[test]
fn a_stopped_server_refuses_and_comes_back_on_its_port() {
    let redis = Redis::start().unwrap();
    assert!(redis.answers());
    redis.stop().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", redis.port())).is_err());
    redis.restart().unwrap();
    redis.kill().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", redis.port())).is_err());
    redis.restart().unwrap();
    assert!(redis.answers());
}

#[test]
fn a_frozen_server_keeps_its_connections_and_says_nothing() {
    let redis = Redis::start().unwrap();
    redis.pause().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut answer = [0; 5];
    assert!(stream.read_exact(&mut answer).is_err());
    redis.resume().unwrap();
    stream.set_read_timeout(None).unwrap();
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer, *b"+PONG");
}

#[test]
fn every_caller_has_a_database_of_its_own() {
    let redis = Redis::start().unwrap();
    assert_ne!(redis.database(), redis.database());
}
