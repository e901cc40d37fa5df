//! Many pages are fetched at a time, from a server of our own: a pool for the requests, results as they come, a limit for all.

#![allow(clippy::print_stdout, reason = "an example shows something")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use raddle::futures::{NextError, ThreadPoolExecutor, as_completed};
use raddle::thread::Builder;

const PATHS: [&str; 6] = ["/warp", "/weft", "/shed", "/heddle", "/missing", "/reed"];

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    // A daemon: it waits for connections until the process ends.
    Builder::new().name("server").daemon(true).spawn(move || serve(&listener))?;

    let pool = ThreadPoolExecutor::builder().workers(4).name_prefix("fetcher").build();
    let requests =
        PATHS.map(|path| pool.submit(move || fetch(address, path).map(|page| (path, page))).expect("the pool is open"));
    let limit = Instant::now() + Duration::from_secs(30);
    let (mut pages, mut failed) = (Vec::new(), Vec::new());
    let mut completed = as_completed(requests);
    loop {
        match completed.next_until(limit) {
            Ok(request) => match request.result().expect("it does not panic") {
                Ok((path, page)) => pages.push(format!("{path}: {} bytes", page.len())),
                Err(error) => failed.push(error.to_string()),
            },
            Err(NextError::NoneLeft) => break,
            Err(error) => {
                println!("{} are left: {error}", completed.left());
                break;
            }
        }
    }
    pages.sort();
    println!("{}\nfailed: {}", pages.join("\n"), failed.join(", "));
    Ok(())
}

fn fetch(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(address)?;
    write!(connection, "GET {path} HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer)?;
    let (head, page) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    match head.split(' ').nth(1) {
        Some("200") => Ok(page.to_owned()),
        status => Err(io::Error::other(format!("{path} {}", status.unwrap_or("without a status")))),
    }
}

/// A server of threads: a pool, so that many clients at a time cannot exhaust the system.
fn serve(listener: &TcpListener) {
    let pool = ThreadPoolExecutor::builder().workers(4).name_prefix("server").build();
    for connection in listener.incoming().flatten() {
        // An answer that does not get through is the client's loss.
        let _ = pool.submit(move || answer(connection));
    }
}

fn answer(mut connection: TcpStream) -> io::Result<()> {
    let mut request = String::new();
    BufReader::new(&connection).read_line(&mut request)?;
    let path = request.split(' ').nth(1).unwrap_or_default();
    if path == "/missing" {
        return connection.write_all(b"HTTP/1.0 404 Not Found\r\n\r\n");
    }
    let page = format!("This is the page of the {}.", path.trim_start_matches('/'));
    write!(connection, "HTTP/1.0 200 OK\r\n\r\n{page}")
}
