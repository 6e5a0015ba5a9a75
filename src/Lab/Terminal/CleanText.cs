using CiliumDebugging.ServiceDefaults.Processes;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace CiliumDebugging.Lab.Terminal;

/// <summary>
/// Takes what controls a terminal out of all text of a console: names and errors come from clusters and files. What
/// Spectre.Console writes to control it is apart from text.
/// </summary>
internal sealed class CleanText : IRenderHook
{
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) =>
        renderables.Select(r => new Cleaned(r));

    private sealed class Cleaned(IRenderable inner) : IRenderable
    {
        public Spectre.Console.Rendering.Measurement Measure(RenderOptions options, int maxWidth) =>
            inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) =>
            inner
                .Render(options, maxWidth)
                .Select(s =>
                    s.IsControlCode || s.IsLineBreak || TerminalText.Clean(s.Text) == s.Text
                        ? s
                        : new Segment(TerminalText.Clean(s.Text), s.Style)
                );
    }
}
