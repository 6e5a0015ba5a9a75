using System.Net;
using CiliumDebugging.ServiceDefaults.Pods;
using CsCheck;

namespace CiliumDebugging.ServiceDefaults.Tests.Pods;

public sealed class ProxyProtocolTests
{
    private static readonly Gen<IPEndPoint> s_endpoint = Gen.Select(Gen.Byte.Array[4], Gen.UShort)
        .Select((bytes, port) => new IPEndPoint(new IPAddress(bytes), port));

    [Fact]
    public void What_is_written_is_read_again() =>
        Gen.Select(s_endpoint, s_endpoint, Gen.Byte.Array[SandboxContract.ConnectionTokenLength])
            .Sample(
                (source, destination, token) =>
                {
                    var header = new byte[ProxyProtocol.HeaderLength];
                    ProxyProtocol.Write(header, source, destination, token);
                    return ProxyProtocol.TryRead(header, out var readSource, out var readDestination, out var readToken)
                        && readSource.Equals(source)
                        && readDestination.Equals(destination)
                        && readToken.SequenceEqual(token);
                }
            );

    [Fact]
    public void Anything_else_is_refused() =>
        Gen
            .Byte.Array[0, ProxyProtocol.HeaderLength * 2]
            .Sample(bytes => !ProxyProtocol.TryRead(bytes, out _, out _, out _));

    [Fact]
    public void One_changed_byte_before_the_addresses_is_refused() =>
        Gen.Select(Gen.Int[0, 15], Gen.Byte[1, 255])
            .Sample(
                (position, change) =>
                {
                    var header = new byte[ProxyProtocol.HeaderLength];
                    ProxyProtocol.Write(
                        header,
                        new IPEndPoint(IPAddress.Loopback, 1),
                        new IPEndPoint(IPAddress.Loopback, 2),
                        new byte[SandboxContract.ConnectionTokenLength]
                    );
                    header[position] ^= change;
                    return !ProxyProtocol.TryRead(header, out _, out _, out _);
                }
            );

    [Fact]
    public void The_token_depends_on_the_clusters_secret_and_on_the_pod()
    {
        var token = SandboxContract.ConnectionToken("secret", "uid-1");

        token.Length.ShouldBe(SandboxContract.ConnectionTokenLength);
        token.ShouldNotBe(SandboxContract.ConnectionToken("secret", "uid-2"));
        token.ShouldNotBe(SandboxContract.ConnectionToken("other secret", "uid-1"));
    }
}
