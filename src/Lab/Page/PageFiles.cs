using System.Collections.Frozen;
using System.Security.Cryptography;

namespace CiliumDebugging.Lab.Page;

/// <summary>A file of the page.</summary>
/// <param name="ContentType">Its media type.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="ETag">Changes with its content.</param>
internal sealed record PageFile(string ContentType, byte[] Content, string ETag);

/// <summary>The files of the page (LoadTest/wwwroot), which stand in this assembly: whoever hosts the page has them.</summary>
internal static class PageFiles
{
    private const string Prefix = "wwwroot/";

    /// <summary>By path, with a leading slash; <c>/</c> is the page itself.</summary>
    public static FrozenDictionary<string, PageFile> All { get; } = Read();

    private static FrozenDictionary<string, PageFile> Read()
    {
        var assembly = typeof(PageFiles).Assembly;
        var files = new Dictionary<string, PageFile>(StringComparer.Ordinal);
        foreach (
            var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
        )
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            var path = "/" + name[Prefix.Length..].Replace('\\', '/');
            files[path == "/index.html" ? "/" : path] = new PageFile(
                TypeOf(path),
                content,
                $"\"{Convert.ToHexStringLower(SHA256.HashData(content)[..8])}\""
            );
        }
        return files.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static string TypeOf(string path) =>
        Path.GetExtension(path) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        };
}
