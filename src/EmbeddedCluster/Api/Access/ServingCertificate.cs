using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CiliumDebugging.EmbeddedCluster.Api.Access;

/// <summary>
/// The certificate the API server shows, and the authority that signed it. Kubernetes clients send a bearer token over
/// TLS only: kubectl leaves it out of a plain HTTP request.
/// </summary>
public sealed class ServingCertificate : IDisposable
{
    private static readonly TimeSpan s_validity = TimeSpan.FromDays(365);

    private ServingCertificate(X509Certificate2 certificate, string authorityPem) =>
        (Certificate, AuthorityPem) = (certificate, authorityPem);

    public X509Certificate2 Certificate { get; }

    /// <summary>The authority, PEM; what clients trust. Its key is not kept.</summary>
    public string AuthorityPem { get; }

    /// <summary>
    /// Makes an authority and a certificate for localhost, 127.0.0.1, ::1 and further addresses, valid for a year.
    /// </summary>
    public static ServingCertificate Generate(TimeProvider time, params IReadOnlyList<IPAddress> addresses)
    {
        // An hour back: clients' clocks may be slow.
        var (from, to) = (time.GetUtcNow().AddHours(-1), time.GetUtcNow() + s_validity);
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=cilium-debugging-ca", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        authorityRequest.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true)
        );
        authorityRequest.CertificateExtensions.Add(
            new X509SubjectKeyIdentifierExtension(authorityRequest.PublicKey, false)
        );
        using var authority = authorityRequest.CreateSelfSigned(from, to);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=cilium-debugging-api", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        foreach (var address in addresses.Append(IPAddress.Loopback).Append(IPAddress.IPv6Loopback).Distinct())
            names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false)
        );
        using var signed = request.Create(authority, from, to, RandomNumberGenerator.GetBytes(16));
        using var withKey = signed.CopyWithPrivateKey(key);

        // Windows cannot serve with a key that lives in memory only; a PFX round trip works everywhere.
        return new ServingCertificate(
            X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null),
            authority.ExportCertificatePem()
        );
    }

    public void Dispose() => Certificate.Dispose();
}
