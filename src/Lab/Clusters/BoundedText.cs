using System.Globalization;
using System.Text;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>Reads a response of unknown length.</summary>
internal static class BoundedText
{
    /// <summary>The text, UTF-8.</summary>
    /// <param name="content">The content.</param>
    /// <param name="maxBytes">Maximum number of bytes that are read.</param>
    /// <param name="cut">Whether a longer text is cut instead of refused.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="HttpRequestException">The text is longer.</exception>
    public static async Task<string> ReadAsync(
        HttpContent content,
        int maxBytes,
        bool cut,
        CancellationToken cancellationToken
    )
    {
        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var text = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            text.Write(buffer, 0, Math.Min(read, maxBytes - (int)text.Length));
            if (text.Length < maxBytes)
                continue;
            if (cut)
                break;
            throw new HttpRequestException(
                string.Create(CultureInfo.InvariantCulture, $"the answer is longer than {maxBytes / 1024} KiB")
            );
        }
        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)text.Length);
    }
}
