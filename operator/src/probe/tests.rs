use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

/// Answers one request with `answer`; the thread returns the request's head.
fn server(answer: &'static str) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let head = BufReader::new(&stream)
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
            .collect();
        stream.write_all(answer.as_bytes()).unwrap();
        head
    });
    (address, served)
}

fn message(result: Result<()>) -> String {
    format!("{:#}", result.unwrap_err())
}

#[test]
fn success_is_any_2xx() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ] {
        let (address, served) = server(answer);
        probe(&format!("http://{address}/readyz?verbose=1")).unwrap();
        assert_eq!(
            served.join().unwrap(),
            [
                "GET /readyz?verbose=1 HTTP/1.1".to_owned(),
                format!("host: {address}"),
                "connection: close".to_owned(),
            ]
        );
    }
}

#[test]
fn a_url_without_a_path_asks_for_the_root() {
    let (address, served) = server("HTTP/1.1 200 OK\r\n\r\n");
    probe(&format!("http://{address}")).unwrap();
    assert_eq!(served.join().unwrap()[0], "GET / HTTP/1.1");
}

#[test]
fn any_other_status_fails_and_names_the_url() {
    for status in ["503", "302", "404"] {
        let answer: &'static str = match status {
            "503" => "HTTP/1.1 503 Service Unavailable\r\n\r\n",
            "302" => "HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n",
            _ => "HTTP/1.1 404 Not Found\r\n\r\n",
        };
        let (address, served) = server(answer);
        let url = format!("http://{address}/readyz");
        assert_eq!(message(probe(&url)), format!("{url} answered HTTP/1.1 {status}"));
        served.join().unwrap();
    }
}

#[test]
fn what_does_not_speak_http_fails() {
    let (address, served) = server("SSH-2.0-OpenSSH_9.9\r\n");
    let url = format!("http://{address}/");
    assert_eq!(message(probe(&url)), format!("{url} answered SSH-2.0-Open"));
    served.join().unwrap();
}

#[test]
fn a_connection_closed_without_an_answer_fails() {
    let (address, served) = server("HTTP/1.1");
    let url = format!("http://{address}/");
    let message = message(probe(&url));
    assert!(
        message.starts_with(&format!("{url} does not answer: ")),
        "{message}"
    );
    served.join().unwrap();
}

#[test]
fn nothing_that_listens_fails() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", free.local_addr().unwrap());
    drop(free);
    let message = message(probe(&url));
    assert!(
        message.starts_with(&format!("{url} does not answer: Connection refused")),
        "{message}"
    );
}

#[test]
fn every_address_of_a_name_is_tried() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = free.local_addr().unwrap();
    drop(free);
    let open = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = open.local_addr().unwrap();
    let stream = connect([closed, address].into_iter()).unwrap();
    assert_eq!(stream.peer_addr().unwrap(), address);
    assert_eq!(
        connect(std::iter::empty()).unwrap_err().kind(),
        io::ErrorKind::AddrNotAvailable
    );
}

#[test]
fn urls_that_cannot_be_probed_are_refused() {
    assert_eq!(
        message(probe("https://127.0.0.1:8080/readyz")),
        "https://127.0.0.1:8080/readyz: only http:// can be probed"
    );
    assert_eq!(message(probe("/readyz")), "/readyz: only http:// can be probed");
    for url in ["", "http://", "http://a b/", "not a url"] {
        let message = message(probe(url));
        assert!(
            message.starts_with(&format!("{url} is not a URL")),
            "{url:?}: {message}"
        );
    }
}
