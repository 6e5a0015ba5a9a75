using System.Net;
using CiliumDebugging.LoadTest.Attack.Plan;

namespace CiliumDebugging.LoadTest.Tests.Attack;

public sealed class AttackTargetTests
{
    [Theory]
    [InlineData("http://[::1]:8080/", "[::1]:8080")]
    [InlineData("http://[2001:DB8::1]/", "[2001:db8::1]")]
    [InlineData("http://[fe80::1%25eth0]:8080/", "[fe80::1]:8080")]
    [InlineData("http://127.0.0.1:8080/", "127.0.0.1:8080")]
    [InlineData("https://bücher.example/", "xn--bcher-kva.example")]
    public void The_host_header_is_that_of_the_url(string url, string host)
    {
        var uri = new Uri(url);
        AttackTarget.For(uri, new IPEndPoint(IPAddress.IPv6Loopback, uri.Port)).Host.ShouldBe(host);
    }
}
