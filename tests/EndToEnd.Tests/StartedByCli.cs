namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>The application, started by <c>aspire start</c> and ended by <c>aspire stop</c>.</summary>
public sealed class StartedByCli : IAsyncLifetime
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("aspire-start-");
    private IReadOnlyList<int> _processes = [];

    public async ValueTask InitializeAsync()
    {
        await AspireCli.RestoreAsync();
        await AspireCli.RunAsync(_temporary, "start", "--no-build", "--", "--manual");
        await AspireCli.UntilAllPodsAnswerAsync();
        _processes = await AspireCli.ProcessesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await AspireCli.RunAsync("stop");
        await Leftovers.ShouldBeGoneAsync(_processes, _temporary);
        _temporary.Delete(recursive: true);
    }
}
