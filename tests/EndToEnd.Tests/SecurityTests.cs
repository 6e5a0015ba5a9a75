using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using CiliumDebugging.Testing;

namespace CiliumDebugging.EndToEnd.Tests;

/// <summary>SECURITY.md is true, and each of its sentences has a test.</summary>
[Collection(LabsOfTheirOwn.Name)]
public sealed class SecurityTests
{
    private const string Listening = "0A";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_lab_is_on_loopback_and_its_secrets_are_its_owners()
    {
        await using var lab = LabProcess.Start("--baseline", "60s");
        await lab.WaitForLineAsync("› baseline", s_limit);
        var processes = lab.Started().Append(lab.Id).ToList();

        var addresses = processes.SelectMany(Listeners).ToList();
        addresses.Count.ShouldBeGreaterThan(10);
        addresses.Where(a => !IPAddress.IsLoopback(a.Address)).ShouldBeEmpty();

        var kubeconfig = Regex.Match(lab.Output, "export KUBECONFIG=(\\S+)").Groups[1].Value;
        new FileInfo(kubeconfig).UnixFileMode.ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        new FileInfo(kubeconfig).Directory!.UnixFileMode.ShouldBe(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        );

        var token = Regex
            .Match(
                await File.ReadAllTextAsync(kubeconfig, TestContext.Current.CancellationToken),
                "\"token\": \"([^\"]+)\""
            )
            .Groups[1]
            .Value;
        token.Length.ShouldBeGreaterThanOrEqualTo(32);
        processes
            .Where(p => ProcessTable.CommandLine(p).Contains(token, StringComparison.Ordinal))
            .Select(ProcessTable.CommandLine)
            .ShouldBeEmpty();
    }

    [Fact]
    public void Every_sentence_of_the_notes_names_a_test_that_there_is()
    {
        var root = Repository.Root;
        var sources = Directory
            .EnumerateFiles(Path.Combine(root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .ToDictionary(f => f, File.ReadAllText);
        var rows = File.ReadAllLines(Path.Combine(root, "SECURITY.md"))
            .Where(l =>
                l.StartsWith("| ", StringComparison.Ordinal) && !l.StartsWith("| sentence", StringComparison.Ordinal)
            )
            .ToList();

        rows.Count.ShouldBeGreaterThan(10);
        foreach (var row in rows)
        {
            var named = Regex.Match(row, @"`(\w+)\.(\w+)` \|$");
            named.Success.ShouldBeTrue(row);
            sources
                .Any(s =>
                    Path.GetFileNameWithoutExtension(s.Key) == named.Groups[1].Value
                    && s.Value.Contains($" {named.Groups[2].Value}(", StringComparison.Ordinal)
                )
                .ShouldBeTrue(row);
        }
    }

    /// <summary>What a process listens on, from /proc.</summary>
    private static IEnumerable<IPEndPoint> Listeners(int pid)
    {
        var sockets = Directory
            .EnumerateFiles($"/proc/{pid}/fd")
            .Select(f => new FileInfo(f).LinkTarget ?? "")
            .Where(t => t.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(t => t[8..^1])
            .ToHashSet(StringComparer.Ordinal);
        foreach (var table in (string[])["tcp", "tcp6"])
        foreach (var line in File.ReadLines($"/proc/{pid}/net/{table}").Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[3] == Listening && sockets.Contains(fields[9]))
                yield return EndPoint(fields[1]);
        }
    }

    /// <summary>Addresses are in words of 32 bits, each in the machine's order.</summary>
    private static IPEndPoint EndPoint(string text)
    {
        var parts = text.Split(':');
        var bytes = Convert
            .FromHexString(parts[0])
            .Chunk(4)
            .SelectMany(word => BitConverter.IsLittleEndian ? word.Reverse() : word)
            .ToArray();
        return new IPEndPoint(
            new IPAddress(bytes),
            int.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        );
    }
}
