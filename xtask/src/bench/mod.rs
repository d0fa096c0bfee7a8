//! `cargo xtask bench`: the same load on no gateway, on nginx and on this gateway, in one run on one machine.
//!
//! What is measured runs alone on the first core; the mock provider and the load share the second. Only
//! figures of one run are comparable. [`server`] starts what is measured, [`load`] drives it, [`table`] prints.

mod config;
mod load;
mod server;
mod table;

use std::time::{Duration, Instant};

use crate::process::{Failure, Outcome, run as run_command, say};
use crate::workspace::Workspace;
use load::{Figures, Load};
use server::{Bench, Server};
use table::{Row, Single, Tables};

/// The three sizes of the project's targets: a side request, a session's first request, and a long session's.
const SIZES: [(usize, &str); 3] = [(1_000, "1 kB"), (67_000, "67 kB"), (440_000, "440 kB")];
/// Enough requests under way to keep one core busy, few enough not to measure a queue.
const CONNECTIONS: usize = 16;
/// The long streams have so many events more, and what they cost more is what those cost.
const MORE_EVENTS: u64 = 2_000;
/// Of paced streams fewer, for they take their time.
const MORE_PACED_EVENTS: u64 = 500;
/// Starts to take the median of.
const STARTS: usize = 9;

/// A stream shape: the mock reads it from the path, and each is a provider of its own in the gateway's config.
pub(crate) struct Shape {
    name: &'static str,
    words: &'static str,
    /// Requests before measuring: caches and allocators have settled after a few hundred, but streams
    /// that take a second each would take minutes.
    warmup: u64,
}

const PLAIN: Shape = Shape { name: "plain", words: "chunks=50,bytes=20", warmup: 200 };
const LONG: Shape = Shape { name: "long", words: "chunks=2050,bytes=20", warmup: 200 };
/// Events one by one, a millisecond or two apart: a fast model, each event its own read.
const PACED: Shape = Shape { name: "paced", words: "chunks=550,bytes=20,pace=1", warmup: 16 };
/// About four seconds, so that 200 of them are all under way at once.
const SLOW: Shape = Shape { name: "slow", words: "chunks=40,bytes=20,pace=100", warmup: 0 };
const SHAPES: [&Shape; 4] = [&PLAIN, &LONG, &PACED, &SLOW];

/// What is between the load and the mock.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Direct,
    Nginx,
    PassThrough,
    Translation,
}

impl Way {
    const ALL: [Self; 4] = [Self::Direct, Self::Nginx, Self::PassThrough, Self::Translation];

    fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Nginx => "nginx",
            Self::PassThrough => "ccr pass-through",
            Self::Translation => "ccr translation",
        }
    }

    fn is_gateway(self) -> bool {
        matches!(self, Self::PassThrough | Self::Translation)
    }

    /// Path and model that bring a request to the mock in a shape.
    fn address(self, shape: &Shape) -> (String, String) {
        match self {
            Self::Direct | Self::Nginx => (format!("/{}/v1/messages", shape.words), "m".to_owned()),
            Self::PassThrough => ("/v1/messages".to_owned(), format!("ant-{},m", shape.name)),
            Self::Translation => ("/v1/messages".to_owned(), format!("mock-{},m", shape.name)),
        }
    }
}

struct Options {
    seconds: f64,
    ways: Vec<Way>,
}

/// Builds, runs every row, and prints the tables on stdout.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Outcome {
    let options = options(arguments)?;
    build(workspace, &options)?;
    let wanted = options.ways.contains(&Way::Nginx);
    let nginx = wanted.then(server::find_nginx).flatten();
    if wanted && nginx.is_none() {
        say("nginx is not here, and only root can install it (apt-get install nginx-light); its rows are skipped");
    }
    let bench = Bench::new(workspace)?;
    let mock = bench.mock()?;
    let mut tables = Tables::default();
    if options.ways.contains(&Way::Direct) {
        measure(&bench, &options, Way::Direct, &mock, &mut tables)?;
    }
    if let Some(program) = nginx {
        let server = bench.nginx(&program, &mock)?;
        measure(&bench, &options, Way::Nginx, &server, &mut tables)?;
    }
    if options.ways.iter().any(|way| way.is_gateway()) {
        gateway(&bench, &options, &mock, &mut tables)?;
    }
    print!("{}", tables.markdown(bench.note()));
    Ok(())
}

fn options(arguments: &[String]) -> Outcome<Options> {
    let mut options = Options { seconds: 3.0, ways: Way::ALL.to_vec() };
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--seconds" => {
                options.seconds = value.parse().map_err(Failure::doing(format!("--seconds {value}")))?;
            }
            [name, words] if name == "--only" => {
                options.ways.retain(|way| words.split(',').any(|word| way.name().contains(word)));
            }
            _ => {
                return Err(Failure::told(format!(
                    "`bench` takes --seconds S and --only WORD,…, not `{}`",
                    pair.join(" ")
                )));
            }
        }
    }
    Ok(options)
}

fn build(workspace: &Workspace, options: &Options) -> Outcome {
    if options.ways.iter().any(|way| way.is_gateway()) {
        crate::build(workspace)?;
    }
    say("building the load tools");
    run_command(workspace.cargo().args(["build", "--release", "--package", "gateway-load"]))
}

/// Start times, the idle process, all rows of both ways, and the crowd of slow streams.
fn gateway(bench: &Bench, options: &Options, mock: &Server, tables: &mut Tables) -> Outcome {
    // The first start compiles the plugins into the cache; those that are timed find it warm.
    first_answer(bench, mock)?;
    let mut starts: Vec<f64> = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        starts.push(first_answer(bench, mock)?.as_secs_f64() * 1e3);
    }
    starts.sort_by(f64::total_cmp);
    tables.single(Single::new("ccr: start to first answer, warm compile cache", starts[STARTS / 2], "ms"));

    let gateway = bench.gateway(mock)?;
    // A server's set-up goes on for a moment after it listens.
    std::thread::sleep(Duration::from_secs(1));
    tables.single(Single::new("ccr: resident, idle after start", gateway.rss_mb()?, "MB"));
    for way in options.ways.iter().copied().filter(|way| way.is_gateway()) {
        measure(bench, options, way, &gateway, tables)?;
    }
    std::thread::sleep(Duration::from_secs(1));
    tables.single(Single::new("ccr: resident, idle after all rows", gateway.rss_mb()?, "MB"));
    drop(gateway);
    for way in options.ways.iter().copied().filter(|way| way.is_gateway()) {
        // A process that has done nothing else: what the allocator kept from other rows is not the streams'.
        crowd(bench, way, &bench.gateway(mock)?, tables)?;
    }
    Ok(())
}

fn first_answer(bench: &Bench, mock: &Server) -> Outcome<Duration> {
    let began = Instant::now();
    let gateway = bench.gateway(mock)?;
    gateway.ask(&Way::Translation.address(&PLAIN).1)?;
    Ok(began.elapsed())
}

/// Two hundred streams at once, each slow: what one costs in memory while it waits.
fn crowd(bench: &Bench, way: Way, server: &Server, tables: &mut Tables) -> Outcome {
    let load = Load { connections: 200, requests: Some(200), seconds: 60.0, ..load(way, &SLOW, 67_000, true) };
    let figures = bench.load(server, &load)?;
    let most = figures.get("rss_max_kb")? / 1024.0;
    tables.single(Single::new(format!("{}: resident, 200 slow streams of 67 kB requests", way.name()), most, "MB"));
    Ok(())
}

/// All rows of one way, then what one event of a stream costs it.
fn measure(bench: &Bench, options: &Options, way: Way, server: &Server, tables: &mut Tables) -> Outcome {
    for (size, size_name) in SIZES {
        for streamed in [false, true] {
            let answer = if streamed { "streamed" } else { "plain" };
            say(format!("measuring {}, {size_name}, {answer}", way.name()));
            let load = Load { seconds: options.seconds, ..load(way, &PLAIN, size, streamed) };
            let busy = bench.load(server, &load)?;
            let alone = bench.load(server, &Load { connections: 1, ..load })?;
            if streamed && busy.get("chunks_per_request")? < 1.0 {
                return Err(Failure::told(format!(
                    "{}: the streams hold no text event; the row would mean nothing",
                    way.name()
                )));
            }
            tables.row(row(way, size_name, answer, &busy, &alone)?);
        }
    }
    if way == Way::Direct {
        return Ok(());
    }
    say(format!("measuring {}, cost of one event", way.name()));
    let cost = |shape| -> Outcome<f64> {
        let load = Load { seconds: options.seconds, ..load(way, shape, 1_000, true) };
        bench.load(server, &load)?.get("cpu_ms_per_request")
    };
    let short = cost(&PLAIN)?;
    let burst = (cost(&LONG)? - short) * 1e3 / MORE_EVENTS as f64;
    let paced = (cost(&PACED)? - short) * 1e3 / MORE_PACED_EVENTS as f64;
    tables.single(Single::new(format!("{}: CPU for an event, many in one read", way.name()), burst, "µs"));
    tables.single(Single::new(format!("{}: CPU for an event that comes alone", way.name()), paced, "µs"));
    Ok(())
}

fn load(way: Way, shape: &Shape, size: usize, streamed: bool) -> Load {
    let (path, model) = way.address(shape);
    Load {
        path,
        model,
        size,
        streamed,
        connections: CONNECTIONS,
        warmup: shape.warmup,
        requests: None,
        seconds: 0.0,
        own_process: way != Way::Direct,
    }
}

fn row(way: Way, size: &'static str, answer: &'static str, busy: &Figures, alone: &Figures) -> Outcome<Row> {
    Ok(Row {
        way: way.name(),
        size,
        answer,
        requests_per_second: busy.get("requests_per_second")?,
        p50: busy.get("latency_p50_ms")?,
        p99: busy.get("latency_p99_ms")?,
        // Without a process between there is nothing whose time could be counted.
        cpu: if way == Way::Direct { None } else { Some(busy.get("cpu_ms_per_request")?) },
        first_byte: alone.get("first_byte_p50_ms")?,
    })
}
