using System.Buffers;
using System.Text;

namespace CiliumDebugging.LoadTest.Attack.Responders;

/// <summary>The characters of an HTTP token (RFC 9110 §5.6.2): methods and header names.</summary>
internal static class HttpToken
{
    private const string Allowed = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public static SearchValues<char> Chars { get; } = SearchValues.Create(Allowed);

    public static SearchValues<byte> Bytes { get; } = SearchValues.Create(Encoding.ASCII.GetBytes(Allowed));
}
