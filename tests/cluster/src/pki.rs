//! Every key, certificate and kubeconfig of a cluster, from nothing.

use std::net::IpAddr;
use std::path::Path;

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};

use crate::layout::Layout;

/// A certificate authority.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    certificate: String,
}

impl Authority {
    /// Makes an authority and writes its certificate and key.
    pub fn create(directory: &Path, name: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        std::fs::write(directory.join(format!("{name}.crt")), &certificate)?;
        std::fs::write(directory.join(format!("{name}.key")), key.serialize_pem())?;
        Ok(Self {
            params,
            key,
            certificate,
        })
    }

    /// Reads an authority made before.
    pub fn load(directory: &Path, name: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::from_pem(&std::fs::read_to_string(directory.join(format!("{name}.key")))?)?;
        let certificate = std::fs::read_to_string(directory.join(format!("{name}.crt")))?;
        Ok(Self {
            params,
            key,
            certificate,
        })
    }

    /// The certificate as PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Issues a certificate for client and server use.
    pub fn issue(&self, subject: &Subject<'_>) -> Result<Identity> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, subject.name);
        if let Some(group) = subject.group {
            params.distinguished_name.push(DnType::OrganizationName, group);
        }
        for name in subject.dns {
            params
                .subject_alt_names
                .push(SanType::DnsName((*name).try_into()?));
        }
        params
            .subject_alt_names
            .extend(subject.addresses.iter().copied().map(SanType::IpAddress));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key))?;
        Ok(Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// Whom a certificate is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// Common name: the user in Kubernetes.
    pub name: &'a str,
    /// Organisation: the group in Kubernetes.
    pub group: Option<&'a str>,
    /// DNS names of a server.
    pub dns: &'a [&'a str],
    /// Addresses of a server.
    pub addresses: &'a [IpAddr],
}

/// A certificate with its key, as PEM.
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl Identity {
    /// Writes `name.crt` and `name.key`.
    pub fn write(&self, directory: &Path, name: &str) -> Result<()> {
        std::fs::write(directory.join(format!("{name}.crt")), &self.certificate)?;
        std::fs::write(directory.join(format!("{name}.key")), &self.key)?;
        Ok(())
    }
}

/// Issues a certificate for a user of the cluster and writes a kubeconfig that carries it.
pub fn kubeconfig(
    layout: &Layout,
    authority: &Authority,
    server: &str,
    file: &str,
    subject: &Subject<'_>,
) -> Result<()> {
    let identity = authority.issue(subject)?;
    let config = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": {
            "server": server,
            "certificate-authority-data": base64(authority.certificate()),
        }}],
        "users": [{"name": file, "user": {
            "client-certificate-data": base64(&identity.certificate),
            "client-key-data": base64(&identity.key),
        }}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": file}}],
        "current-context": "local",
    });
    std::fs::write(layout.kubeconfig(file), serde_json::to_vec_pretty(&config)?)?;
    Ok(())
}

/// Key with which the controller manager signs service-account tokens; the API server verifies them.
pub fn service_account_key(directory: &Path) -> Result<()> {
    let key = KeyPair::generate()?;
    std::fs::write(directory.join("sa.key"), key.serialize_pem())?;
    std::fs::write(directory.join("sa.pub"), key.public_key_pem())?;
    Ok(())
}

/// RFC 4648 base64, as kubeconfigs and CA bundles want it: the way Kubernetes' byte strings are serialised.
pub fn base64(text: &str) -> String {
    let bytes = k8s_openapi::ByteString(text.as_bytes().to_vec());
    serde_json::to_value(bytes)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}
