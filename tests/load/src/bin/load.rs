//! `load`: drives a gateway in a closed loop and says what each request took, and what it cost the gateway.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use gateway_load::args::Args;
use gateway_load::client::{Connection, Seen, Until, run};
use gateway_load::procfs::{Cpu, peak_rss_kb, rss_kb};
use gateway_load::report::{Report, Usage};

const HELP: &str = "\
load --url http://HOST:PORT/PATH [options]

  --body FILE         the request's body; or, to have one made:
  --body-size BYTES   size of a body as a coding agent sends it [1000]
  --model NAME        the model it names [m]
  --stream            the body made asks for a stream; with --body, expect one
  --connections N     kept-alive connections, each with one request under way [1]
  --requests N        end after so many requests [no end]
  --seconds S         end after so much time [3; with --requests 600]
  --warmup N          requests before measuring begins [0]
  --pid PID           the gateway's process, to report its CPU time and memory
  --key KEY           sent as x-api-key [x]
  --json              one JSON object instead of lines

Exit code 1 if any answer was not a whole one with status 200.";

/// How often resident memory is looked at while the load runs; a look costs the load's core about 30 µs.
const RSS_EVERY: Duration = Duration::from_millis(100);

struct Options {
    authority: String,
    request: Arc<Vec<u8>>,
    streamed: bool,
    connections: usize,
    warmup: u64,
    until: Until,
    pid: Option<u32>,
    json: bool,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help") {
        println!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let outcome = options(words).and_then(|options| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| error.to_string())?.block_on(measure(&options))
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("load: {message}");
            ExitCode::FAILURE
        }
    }
}

fn options(words: Vec<String>) -> Result<Options, String> {
    let mut args = Args::parse(words.into_iter(), &["stream", "json"])?;
    let url: String = args.optional("url")?.ok_or("say what to load: --url http://HOST:PORT/PATH")?;
    let (authority, path) = split_url(&url)?;
    let streamed = args.flag("stream");
    let model: String = args.or("model", "m".to_owned())?;
    let size = args.or("body-size", 1000)?;
    let body = match args.optional::<String>("body")? {
        Some(file) => std::fs::read(&file).map_err(|error| format!("cannot read the body {file}: {error}"))?,
        None => gateway_load::body_for(size, &model, streamed),
    };
    let key: String = args.or("key", "x".to_owned())?;
    let requests: Option<u64> = args.optional("requests")?;
    let seconds = args.or("seconds", if requests.is_some() { 600.0 } else { 3.0 })?;
    let options = Options {
        request: Arc::new(request(&authority, &path, &key, &body)),
        authority,
        streamed,
        connections: args.or("connections", 1)?,
        warmup: args.or("warmup", 0)?,
        until: Until { requests: requests.unwrap_or(u64::MAX), time: Duration::from_secs_f64(seconds) },
        pid: args.optional("pid")?,
        json: args.flag("json"),
    };
    args.finish()?;
    Ok(options)
}

fn split_url(url: &str) -> Result<(String, String), String> {
    let rest = url.strip_prefix("http://").ok_or_else(|| format!("`{url}` must begin with http://"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    Ok((authority, format!("/{path}")))
}

fn request(authority: &str, path: &str, key: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\nx-api-key: {key}\r\n\
         anthropic-version: 2023-06-01\r\ncontent-length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

async fn measure(options: &Options) -> Result<(), String> {
    let mut connections = Vec::with_capacity(options.connections);
    for _ in 0..options.connections {
        let opened = Connection::open(&options.authority, Arc::clone(&options.request), options.streamed).await;
        connections.push(opened.map_err(|error| format!("cannot connect to {}: {error}", options.authority))?);
    }
    let warm = Until { requests: options.warmup, time: options.until.time };
    let (connections, warmed) = run(connections, warm).await;
    refuse_failures(&warmed)?;

    let (seen, usage) = match options.pid {
        None => (run(connections, options.until).await.1, None),
        Some(pid) => watched(connections, options.until, pid).await?,
    };
    let report = Report::new(&seen, usage);
    if options.json {
        println!("{}", report.json());
    } else {
        print!("{}", report.lines());
    }
    refuse_failures(&seen)
}

/// Runs the phase with an eye on the process: CPU before and after, memory all along.
async fn watched(connections: Vec<Connection>, until: Until, pid: u32) -> Result<(Seen, Option<Usage>), String> {
    let gone = || format!("process {pid} is gone or not ours to read");
    let before = Cpu::of(pid).ok_or_else(gone)?;
    let mut most = 0;
    let sampler = async {
        let mut ticks = tokio::time::interval(RSS_EVERY);
        loop {
            ticks.tick().await;
            most = rss_kb(pid).unwrap_or(0).max(most);
        }
    };
    let seen = tokio::select! {
        (_, seen) = run(connections, until) => seen,
        never = sampler => never,
    };
    let after = Cpu::of(pid).ok_or_else(gone)?;
    let rss = rss_kb(pid).ok_or_else(gone)?;
    let usage = Usage {
        cpu_nanos: after.since(&before),
        rss_kb: rss,
        rss_max_kb: most.max(rss),
        rss_peak_kb: peak_rss_kb(pid).ok_or_else(gone)?,
    };
    Ok((seen, Some(usage)))
}

fn refuse_failures(seen: &Seen) -> Result<(), String> {
    match seen.failures.first() {
        Some(first) => Err(format!("{} connections failed; the first: {first}", seen.failures.len())),
        None => Ok(()),
    }
}
