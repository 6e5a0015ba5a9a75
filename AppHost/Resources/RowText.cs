using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// What a row of the Resources table says. The dashboard turns the state into words of its own: hyphens, dots, slashes
/// and per cent signs vanish from it, so that it holds plain words only, and numbers are in the link's text.
///</summary>
/// <param name="State">The column State: its text and style.</param>
/// <param name="Source">The column Source.</param>
internal sealed record RowText(ResourceStateSnapshot State, string Source)
{
    /// <summary>Text of the row's link to the live page; null: no link.</summary>
    public string? Link { get; init; }

    /// <summary>Properties that the details show at once.</summary>
    public ImmutableArray<(string Name, string Value)> Properties { get; init; } = [];

    /// <summary>The row's health, with its reason. Aspire shows it while the state is plainly "Running".</summary>
    public (HealthStatus Status, string Reason) Health { get; init; } = (HealthStatus.Healthy, "");

    /// <summary>Everything the row shows as one text: equal texts need not be published again.</summary>
    public string Key =>
        string.Join(
            '\n',
            [
                State.Text,
                State.Style ?? "",
                Source,
                Link ?? "",
                $"{Health}",
                .. Properties.Select(p => $"{p.Name}={p.Value}"),
            ]
        );

    /// <summary>Puts the text on a row. <paramref name="page"/> is the live page; null while there is none.</summary>
    public CustomResourceSnapshot ApplyTo(CustomResourceSnapshot row, Uri? page)
    {
        ImmutableArray<ResourcePropertySnapshot> ours =
        [
            new(CustomResourceKnownProperties.Source, Source),
            .. Properties.Select(p => new ResourcePropertySnapshot(p.Name, p.Value) { IsHighlighted = true }),
        ];
        // Highlighted properties are ours alone: those of the previous text are replaced.
        var names = ours.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        return row with
        {
            State = State,
            Properties = [.. row.Properties.Where(p => !p.IsHighlighted && !names.Contains(p.Name)), .. ours],
            Urls =
            [
                .. row.Urls.Where(u => u.Name != "share"),
                .. Link is null || page is null ? [] : (UrlSnapshot[])[ShareLink(page, Link)],
            ],
        };
    }

    public static ResourceStateSnapshot Styled(string text, string style) => new(text, style);

    private static UrlSnapshot ShareLink(Uri page, string text) =>
        new("share", $"{page}", IsInternal: false) { DisplayProperties = new UrlDisplayPropertiesSnapshot(text, 10) };
}
