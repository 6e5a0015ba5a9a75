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

    [Theory]
    [InlineData("http://a/echo HTTP/1.1", "U+0020")]
    [InlineData("http://a /", "U+0020")]
    [InlineData(" http://a/", "U+0020")]
    [InlineData("http://a/?x=1\n", "U+000A")]
    [InlineData("http://a/\tb", "U+0009")]
    [InlineData("http://a/\0", "U+0000")]
    [InlineData("http://a/\u001b[31m", "U+001B")]
    [InlineData("http://a/\u0085", "U+0085")]
    [InlineData("http://a/\u00a0", "U+00A0")]
    [InlineData("http://a/\u200b", "U+200B")]
    [InlineData("\ufeffhttp://a/", "U+FEFF")]
    public void A_url_with_white_space_or_a_control_character_is_refused_instead_of_encoded(string text, string found)
    {
        var (url, problem) = AttackTarget.ReadUrl(text);

        url.ShouldBeNull();
        problem.ShouldNotBeNull().ShouldStartWith($"url '{text}': expected no white space or control characters");
        problem.ShouldContain(found);
    }

    [Theory]
    [InlineData("http://a/%20b?c=%0A")]
    [InlineData("http://bücher.example/ü?q=日本")]
    public void A_url_that_is_encoded_or_has_letters_of_other_scripts_is_taken(string text) =>
        AttackTarget.ReadUrl(text).Problem.ShouldBeNull();
}
