using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CiliumDebugging.LoadTest.Attack;
using CiliumDebugging.LoadTest.Attack.Accounting;
using CiliumDebugging.LoadTest.Attack.Engines.HttpClients;
using CiliumDebugging.LoadTest.Attack.Plan;
using CiliumDebugging.LoadTest.Contract;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class HttpsTests
{
    private static X509Certificate2 SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(
            DateTimeOffset.UtcNow.AddDays(-1),
            DateTimeOffset.UtcNow.AddDays(1)
        );
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private static async Task<(RecordingSink Sink, AttackAccounting Accounting)> RunAsync(bool verify)
    {
        using var certificate = SelfSigned();
        await using var server = new TestServer(
            async (socket, stop) =>
            {
                await using var tls = new SslStream(new NetworkStream(socket));
                try
                {
                    await tls.AuthenticateAsServerAsync(
                        new SslServerAuthenticationOptions { ServerCertificate = certificate },
                        stop
                    );
                    await tls.ReadAtLeastAsync(new byte[4096], 20, throwOnEndOfStream: false, stop);
                    await tls.WriteAsync(Encoding.Latin1.GetBytes(TestServer.Ok()), stop);
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                { }
            }
        );
        var plan = EngineContractTests.Plan(server.EndPoint) with { RatePerSecond = 40, VerifyCertificates = verify };
        plan = plan with
        {
            Targets = [AttackTarget.For(new Uri($"https://localhost:{server.EndPoint.Port}/"), server.EndPoint)],
        };
        AttackEngines.For(plan).ShouldBeOfType<HttpClientEngine>();
        return await EngineContractTests.RunAsync("httpclient", plan);
    }

    [Fact]
    public async Task Https_is_answered_when_the_certificate_need_not_be_valid()
    {
        var (sink, accounting) = await RunAsync(verify: false);
        accounting.ResponsesByStatus.ShouldBe([(200, 10L)]);
        sink.Records.ShouldAllBe(record => record.Pod == "pod-1" && record.SourcePort % 2 == 1);
    }

    [Fact]
    public async Task An_invalid_certificate_is_a_connect_error()
    {
        var (sink, accounting) = await RunAsync(verify: true);
        accounting[Outcome.ConnectError].ShouldBe(10);
        sink.Records.ShouldAllBe(record => record.ErrnoName == "EPROTO");
    }
}
