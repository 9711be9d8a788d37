//! TLS: certificates by name, versions, files that change, and visitors who are kept there.

use super::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

/// What `openssl s_client` says of a handshake.
fn handshake(at: &Place, arguments: &[&str]) -> String {
    let port = at.address.ip().unwrap().port();
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &format!("127.0.0.1:{port}")]).args(arguments);
    let output = run(command.stdin(std::process::Stdio::null()));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_name_gets_its_certificate() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let made = |name, names: &[&str]| certificate(folder.path(), name, names);
    let listener = secure(vec![
        made("first", &["first.test"]),
        made("wild", &["*.shop.test", "shop.test"]),
        made("exact", &["exact.shop.test"]),
    ]);
    let options = Options::default();
    let (_front, places) = Front::through(origin.address, options, server(vec![listener])).await;
    for (name, certificate) in [
        ("shop.test", "wild"),
        ("SHOP.test", "wild"),
        ("a.shop.test", "wild"),
        ("exact.shop.test", "exact"),
        ("a.b.shop.test", "first"),
        ("first.test", "first"),
        ("other.test", "first"),
        ("test", "first"),
    ] {
        let told = handshake(&places[0], &["-servername", name]);
        assert!(told.contains(&format!("subject=CN = {certificate}\n")), "{name}: {told}");
    }
    assert!(handshake(&places[0], &["-noservername"]).contains("subject=CN = first\n"));
    // A visitor who trusts this certificate alone, and looks at the name in it.
    let trusted = folder.path().join("wild.pem");
    let told = curl(&places[0], &["--cacert", trusted.to_str().unwrap()]);
    assert!(told.ends_with("ok\n200 2"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_can_have_keys_of_two_kinds() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let ecdsa = certificate(folder.path(), "ecdsa", &["shop.test"]);
    let rsa = Files { chain: folder.path().join("rsa.pem"), key: folder.path().join("rsa.key") };
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa", "-out"])
        .arg(&rsa.chain)
        .arg("-keyout")
        .arg(&rsa.key)
        .args(["-addext", "subjectAltName=DNS:shop.test"])
        .output();
    assert!(made.unwrap().status.success());
    let config = server(vec![secure(vec![ecdsa, rsa])]);
    let (_front, places) = Front::through(origin.address, Options::default(), config).await;
    for (algorithms, certificate) in
        [("ECDSA+SHA256", "ecdsa"), ("RSA-PSS+SHA256", "rsa"), ("RSA+SHA256:RSA-PSS+SHA256", "rsa")]
    {
        let told = handshake(&places[0], &["-servername", "shop.test", "-sigalgs", algorithms]);
        assert!(told.contains(&format!("subject=CN = {certificate}\n")), "{algorithms}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_are_refused_and_counted() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let files = certificate(folder.path(), "shop", &["shop.test"]);
    let mut newest = secure(vec![files.clone()]);
    newest.tls.as_mut().unwrap().oldest = Version::Tls13;
    let config = server(vec![secure(vec![files]), newest]);
    let (front, places) = Front::through(origin.address, Options::default(), config).await;
    for (place, version, works) in [
        (0, "-tls1_2", true),
        (0, "-tls1_3", true),
        (1, "-tls1_2", false),
        (1, "-tls1_3", true),
        (0, "-tls1_1", false),
    ] {
        let arguments = [version, "-cipher", "DEFAULT@SECLEVEL=0"];
        let told = handshake(&places[place], &arguments);
        assert_eq!(told.contains("subject=CN = shop\n"), works, "{place} {version}: {told}");
    }
    front.counted("consentry_connections_refused_total{cause=\"tls\"} 2").await;
    for (offered, agreed) in [("h2,http/1.1", "h2"), ("http/1.1", "http/1.1")] {
        let told = handshake(&places[0], &["-alpn", offered]);
        assert!(told.contains(&format!("ALPN protocol: {agreed}\n")), "{told}");
    }
    let mut clear = Visitor::new(places[0].address.ip().unwrap()).await;
    clear.send(b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n").await;
    assert!(!clear.rest().await.starts_with(b"HTTP"));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_certificates_are_served_while_requests_come() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let files = certificate(folder.path(), "shop", &["shop.test"]);
    let config = server(vec![secure(vec![files.clone()])]);
    let (front, places) = Front::through(origin.address, Options::default(), config).await;
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let place = &places[0];
    std::thread::scope(|scope| {
        for version in ["--http1.1", "--http2"] {
            let (done, asked) = (&done, &asked);
            let handle = tokio::runtime::Handle::current();
            scope.spawn(move || {
                let _on = handle.enter();
                while !done.load(Relaxed) {
                    let told = curl_alone(place, &["-k", version]);
                    assert!(told.contains("\n200 "), "{told}");
                    asked.fetch_add(1, Relaxed);
                }
            });
        }
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(changes(
                &front,
                place,
                &files,
                folder.path(),
            ));
        });
        done.store(true, Relaxed);
    });
    assert!(asked.load(Relaxed) > 4);
}

/// As [`curl`], on a thread of its own.
fn curl_alone(at: &Place, arguments: &[&str]) -> String {
    let url = format!("https://{}/", at.address);
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20", "-w", "\n%{http_code} %{http_version}"])
        .args(arguments)
        .arg(url)
        .output()
        .unwrap();
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A new certificate, a broken one, one without its key, and the new one again.
async fn changes(front: &Front, place: &Place, files: &Files, folder: &Path) {
    let serves = |name: &str| handshake(place, &[]).contains(&format!("subject=CN = {name}\n"));
    assert!(serves("shop"));
    let new = certificate(folder, "new", &["shop.test"]);
    std::fs::copy(&new.key, &files.key).unwrap();
    std::fs::copy(&new.chain, &files.chain).unwrap();
    front.counted("consentry_certificate_reloads_total{outcome=\"served\"} 1").await;
    assert!(serves("new"));
    std::fs::write(&files.chain, "no certificate").unwrap();
    front.counted("consentry_certificate_reloads_total{outcome=\"refused\"}").await;
    assert!(serves("new"));
    let third = certificate(folder, "third", &["shop.test"]);
    std::fs::copy(&third.chain, &files.chain).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(serves("new"), "its key is not there yet");
    std::fs::copy(&third.key, &files.key).unwrap();
    front.counted("consentry_certificate_reloads_total{outcome=\"served\"} 2").await;
    assert!(serves("third"));
    front.counted("consentry_certificate_ends_seconds{name=\"shop.test\"}").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_cannot_be_served_stops_the_start() {
    let (origin, folder) = (origin().await, TempDir::new().unwrap());
    let (front, _) =
        Front::through(origin.address, Options::default(), server(vec![Listener::plain(any())]))
            .await;
    let good = certificate(folder.path(), "good", &["shop.test"]);
    let other = certificate(folder.path(), "other", &["shop.test"]);
    let missing = folder.path().join("missing.pem");
    for (files, why) in [
        (Files { chain: missing, ..good.clone() }, "cannot be read"),
        (Files { chain: good.key.clone(), ..good.clone() }, "holds no certificate"),
        (Files { key: good.chain.clone(), ..good.clone() }, "holds no private key"),
        (Files { key: other.key, ..good.clone() }, "is not the key of"),
    ] {
        let config = server(vec![secure(vec![files])]);
        let served =
            consentry::proxy::server::serve(&config, front.consentry.clone(), |_| (), async {});
        let error = served.await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_over_tls_are_kept_there() {
    let page = PAGE.replacen("\r\n\r\n", "\r\nStrict-Transport-Security: max-age=1\r\n\r\n", 1);
    let origin = Origin::new(move |head| match head.contains("x-down") {
        true => vec![Step::Close],
        false => vec![Step::Send(page.clone().into())],
    })
    .await;
    let folder = TempDir::new().unwrap();
    let files = certificate(folder.path(), "shop", &["shop.test"]);
    let hsts = Some("max-age=63072000; includeSubDomains".parse().unwrap());
    let options = Options { edge: Edge { hsts, ..Edge::default() }, ..Options::default() };
    let config = server(vec![Listener::plain(any()), secure(vec![files])]);
    let (_front, places) = Front::through(origin.address, options, config).await;
    let header = "strict-transport-security: max-age=63072000; includesubdomains\r\n";
    for arguments in [&["-k"][..], &["-k", "--http1.1"], &["-k", "-H", "x-down: 1"]] {
        let told = curl(&places[1], arguments);
        assert_eq!(told.matches("strict-transport-security").count(), 1, "{told}");
        assert!(told.contains(header), "{told}");
    }
    let told = curl(&places[0], &[]);
    assert!(!told.contains("max-age=63072000"), "{told}");
    let behind = curl(&places[0], &["-H", "X-Forwarded-Proto: https"]);
    assert!(behind.contains(header), "a balancer ended TLS: {behind}");
}
