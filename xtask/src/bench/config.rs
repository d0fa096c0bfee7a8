//! The configs of what is measured: the gateway's and nginx's.

use std::path::Path;

use super::SHAPES;

/// A provider per shape and format; the shape is in the path, which the mock reads.
pub(super) fn gateway_config(mock: &str) -> String {
    let providers: Vec<String> = SHAPES
        .iter()
        .flat_map(|shape| {
            let (name, words) = (shape.name, shape.words);
            [
                format!(r#"{{name:"mock-{name}",api_base_url:"{mock}/{words}/v1/chat/completions",api_key:"x",models:["m"]}}"#),
                format!(r#"{{name:"ant-{name}",api_base_url:"{mock}/{words}/v1/messages",api_key:"x",models:["m"],transformer:{{use:["Anthropic"]}}}}"#),
            ]
        })
        .collect();
    format!("{{Providers:[\n{}\n],Router:{{default:\"mock-plain,m\"}}}}\n", providers.join(",\n"))
}

/// A plain proxy: one process, kept-alive connections, nothing buffered or logged.
pub(super) fn nginx_config(folder: &Path, port: u16, upstream: &str) -> String {
    let folder = folder.display();
    format!(
        r#"daemon off;
master_process off;
pid "{folder}/nginx.pid";
error_log stderr error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path "{folder}/nginx-body";
    proxy_temp_path "{folder}/nginx-proxy";
    fastcgi_temp_path "{folder}/nginx-fastcgi";
    uwsgi_temp_path "{folder}/nginx-uwsgi";
    scgi_temp_path "{folder}/nginx-scgi";
    client_max_body_size 50m;
    client_body_buffer_size 1m;
    keepalive_requests 100000000;
    upstream mock {{ server {upstream}; keepalive 256; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location / {{
            proxy_pass http://mock;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_read_timeout 600s;
        }}
    }}
}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::gateway_config;

    #[test]
    fn the_config_has_both_formats_in_every_shape() {
        let config = gateway_config("http://127.0.0.1:9");
        for name in ["mock-plain", "ant-plain", "mock-long", "ant-slow", "mock-paced"] {
            assert!(config.contains(&format!("name:\"{name}\"")), "{config}");
        }
        assert!(config.contains("http://127.0.0.1:9/chunks=2050,bytes=20/v1/chat/completions"));
    }
}
