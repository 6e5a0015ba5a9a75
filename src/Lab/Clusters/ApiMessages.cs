using System.Globalization;
using System.Text.Json;
using k8s.Autorest;

namespace CiliumDebugging.Lab.Clusters;

/// <summary>An API server's refusal in its own words.</summary>
public static class ApiMessages
{
    private const int MaxLength = 300;

    /// <summary>The message of the Status object that it answered; the text where it is none.</summary>
    /// <param name="refused">The refusal.</param>
    public static string Of(HttpOperationException refused)
    {
        ArgumentNullException.ThrowIfNull(refused);
        var status = ((int)refused.Response.StatusCode).ToString(CultureInfo.InvariantCulture);
        var text = MessageOf(refused.Response.Content ?? "");
        if (text.Length == 0)
            return status;
        return $"{status} {(text.Length <= MaxLength ? text : $"{text[..MaxLength]}…")}";
    }

    /// <summary>
    /// What a failure says, with what is behind it: "An error occurred while sending the request" names no cause.
    /// </summary>
    /// <param name="failure">The failure.</param>
    public static string Of(Exception failure)
    {
        if (failure is HttpOperationException refused)
        {
            var request = refused.Request is { RequestUri: { } url } sent
                ? $"{sent.Method} {url.AbsolutePath}"
                : "a request";
            return $"the cluster refused {request}: {Of(refused)}";
        }
        var text = "";
        for (var e = failure; e is not null; e = e.InnerException)
            if (!text.Contains(e.Message.TrimEnd('.'), StringComparison.Ordinal))
                text += (text.Length > 0 ? ": " : "") + e.Message.TrimEnd('.');
        return text;
    }

    /// <summary>
    /// The message in the text of a Status object, or its reason; the text itself where it is none.
    /// </summary>
    /// <param name="content">What was answered.</param>
    public static string MessageOf(string content)
    {
        try
        {
            using var json = JsonDocument.Parse(content);
            if (json.RootElement.ValueKind is not JsonValueKind.Object)
                return content.Trim();
            if (TextOf(json.RootElement, "message") is { } message)
                return message;
            return TextOf(json.RootElement, "kind") == "Status" || json.RootElement.TryGetProperty("metadata", out _)
                ? TextOf(json.RootElement, "reason") ?? ""
                : content.Trim();
        }
        catch (JsonException)
        {
            var text = content.Trim();
            return text.StartsWith('<') ? "(HTML)" : text;
        }
    }

    private static string? TextOf(JsonElement value, string field) =>
        value.TryGetProperty(field, out var text)
        && text.ValueKind is JsonValueKind.String
        && text.GetString() is { Length: > 0 } found
            ? found
            : null;
}
