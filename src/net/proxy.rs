//! Forward proxies, for networks that let nothing else out.
//!
//! Through a proxy the connection is the proxy's: it resolves the destination's name, and what it finds is not seen
//! here. So whoever names a proxy says with `danger_proxy_resolves` that the proxy keeps hooks from inner addresses.
//! What the URL itself says is checked here all the same, and whatever the no-proxy list sends directly is vetted like
//! every direct connection.

use std::env;
use std::fmt;

use reqwest::{ClientBuilder, NoProxy, Proxy};
use url::{Host, Url};

use crate::error::{Error, Result};
use crate::secret::Secret;

/// By which proxy requests go out. The default is none, whatever the environment says.
#[derive(Clone, Debug, Default)]
pub struct ProxyOptions {
    https: Option<ProxyUrl>,
    http: Option<ProxyUrl>,
    no_proxy: String,
}

/// What is asked for, as callers write it.
#[derive(Clone, Copy, Default)]
pub struct ProxyChoice<'a> {
    /// `http://[user:password@]host[:port]`, or `https` when the way to the proxy is encrypted too. For requests of
    /// both schemes.
    pub url: Option<&'a str>,
    /// What is reached directly: hosts (with all names under them) and networks, separated by commas.
    pub no_proxy: Option<&'a str>,
    /// Takes proxies and the no-proxy list from the environment instead.
    pub from_environment: bool,
    /// Says that the proxy may resolve names, unseen by the rule for addresses.
    pub danger_proxy_resolves: bool,
}

impl ProxyOptions {
    /// Reads a choice.
    ///
    /// # Errors
    /// `invalid_argument` for a URL that names no proxy, a contradiction, or a proxy without `danger_proxy_resolves`.
    pub fn chosen(choice: ProxyChoice<'_>) -> Result<Self> {
        if choice.url.is_none() && !choice.from_environment {
            return match choice.no_proxy {
                Some(_) => Err(Error::invalid("no_proxy is given without a proxy: leave it out, or give proxy_url")),
                None => Ok(Self::default()),
            };
        }
        if !choice.danger_proxy_resolves {
            return Err(Error::invalid(
                "a proxy resolves the names of destinations itself, so that their addresses cannot be checked here: \
                 make sure that the proxy lets nobody reach inner addresses, and say so with danger_proxy_resolves",
            ));
        }
        match choice.url {
            Some(_) if choice.from_environment => {
                Err(Error::invalid("both proxy_url and proxy_from_environment are given: give one of them"))
            }
            Some(url) => {
                let proxy = ProxyUrl::parse("proxy_url", url)?;
                let no_proxy = choice.no_proxy.unwrap_or_default().to_owned();
                Ok(Self { https: Some(proxy.clone()), http: Some(proxy), no_proxy })
            }
            None if choice.no_proxy.is_some() => Err(Error::invalid(
                "no_proxy is given beside proxy_from_environment: name those hosts in the variable NO_PROXY",
            )),
            None => Self::from_variables(|name| env::var(name).ok()),
        }
    }

    /// `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, in capitals or not, and `http_proxy`, which counts in small letters
    /// alone: in capitals a CGI host would take it from its caller's `Proxy` header.
    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()).map(|value| (*name, value)))
        };
        let proxy = |names: &[&'static str]| {
            first(names).map(|(name, url)| ProxyUrl::parse(&format!("the variable {name}"), &url)).transpose()
        };
        Ok(Self {
            https: proxy(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            http: proxy(&["http_proxy", "all_proxy", "ALL_PROXY"])?,
            no_proxy: first(&["no_proxy", "NO_PROXY"]).map(|(_, list)| list).unwrap_or_default(),
        })
    }

    /// Whether a proxy has this name. Names of proxies are not vetted when they are resolved, since proxies stand
    /// inside; so nothing else may be reached under them.
    pub(super) fn has_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        [&self.https, &self.http].into_iter().flatten().any(|proxy| {
            matches!(proxy.url.host(), Some(Host::Domain(own)) if own.trim_end_matches('.').eq_ignore_ascii_case(name))
        })
    }

    /// Sends a client's requests through these proxies, and through no others.
    pub(super) fn apply(&self, mut builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        builder = builder.no_proxy();
        let direct = || NoProxy::from_string(&self.no_proxy);
        if let Some(proxy) = &self.https {
            builder = builder.proxy(Proxy::https(proxy.full.expose())?.no_proxy(direct()));
        }
        if let Some(proxy) = &self.http {
            builder = builder.proxy(Proxy::http(proxy.full.expose())?.no_proxy(direct()));
        }
        Ok(builder)
    }
}

/// The URL of a proxy, with its credentials apart.
#[derive(Clone)]
struct ProxyUrl {
    /// Without credentials.
    url: Url,
    full: Secret,
}

impl ProxyUrl {
    fn parse(what: &str, text: &str) -> Result<Self> {
        // The text is not repeated: it may hold a password, and one that is not where it belongs.
        let wrong = |why: &str| {
            Error::invalid(format!("{what} {why}: give http://host:port or http://user:password@host:port"))
        };
        let full = Url::parse(text).map_err(|_| wrong("is no URL"))?;
        if !matches!(full.scheme(), "http" | "https") {
            return Err(wrong("is neither http nor https"));
        }
        if full.host_str().is_none_or(str::is_empty) {
            return Err(wrong("names no host"));
        }
        if !matches!(full.path(), "" | "/") || full.query().is_some() || full.fragment().is_some() {
            return Err(wrong("has a path, a query or a fragment"));
        }
        let mut url = full.clone();
        // Both can only fail for URLs without a host.
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return Err(wrong("names no host"));
        }
        Ok(Self { url, full: Secret::new(full) })
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<ProxyOptions> {
        ProxyOptions::from_variables(|name| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn hosts(options: &ProxyOptions) -> [Option<&str>; 2] {
        [&options.https, &options.http].map(|proxy| proxy.as_ref().and_then(|proxy| proxy.url.host_str()))
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        assert_eq!(hosts(&from(&[]).unwrap()), [None, None]);
        assert_eq!(
            hosts(&from(&[("HTTPS_PROXY", "http://a:1"), ("http_proxy", "http://b:2")]).unwrap()),
            [Some("a"), Some("b")]
        );
        assert_eq!(hosts(&from(&[("ALL_PROXY", "http://c:3")]).unwrap()), [Some("c"), Some("c")]);
        assert_eq!(hosts(&from(&[("HTTP_PROXY", "http://evil:6")]).unwrap()), [None, None]);
        assert_eq!(hosts(&from(&[("https_proxy", ""), ("ALL_PROXY", "http://c:3")]).unwrap()), [Some("c"), Some("c")]);
        assert_eq!(from(&[("NO_PROXY", "intranet, 10.0.0.0/8")]).unwrap().no_proxy, "intranet, 10.0.0.0/8");
        let error = from(&[("HTTPS_PROXY", "socks5://user:sesame@a:1")]).unwrap_err();
        assert!(error.message().contains("the variable HTTPS_PROXY is neither http nor https"), "{error}");
        assert!(!error.message().contains("sesame"), "{error}");
    }
}
