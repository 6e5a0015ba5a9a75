using System.CommandLine;
using CiliumDebugging.ServiceDefaults;

namespace CiliumDebugging.ClusterSetup.Commands;

/// <summary>
/// <c>completion SHELL</c>: the script that makes a shell complete commands and options. It calls the program with the
/// directive <c>[suggest]</c>.
/// </summary>
internal static class CompletionCommand
{
    /// <summary>Name of the installed tool.</summary>
    private const string Program = "cilium-debugging";

    private static readonly Dictionary<string, string> s_scripts = new(StringComparer.Ordinal)
    {
        ["bash"] = $$"""
            _cilium_debugging() {
              local IFS=$'\n'
              COMPREPLY=($(compgen -W "$({{Program}} "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _cilium_debugging {{Program}}
            """,
        ["zsh"] = $$"""
            _cilium_debugging() {
              compadd -- ${(f)"$({{Program}} "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)"}
            }
            compdef _cilium_debugging {{Program}}
            """,
        ["fish"] = $"""
            complete -f -c {Program} -a '({Program} "[suggest:"(commandline -C)"]" (commandline -b) 2>/dev/null)'
            """,
        ["pwsh"] = $$"""
            Register-ArgumentCompleter -Native -CommandName {{Program}} -ScriptBlock {
              param($word, $line, $position)
              {{Program}} "[suggest:$position]" "$line" | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
              }
            }
            """,
    };

    public static Command Build()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh, fish or pwsh" };
        shell.AcceptOnlyFromAmong([.. s_scripts.Keys]);
        var command = new Command("completion", "Print the script that makes a shell complete this program's words.")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            Console.WriteLine(s_scripts[parsed.GetRequiredValue(shell)]);
            return (int)ExitCode.Success;
        });
        return command;
    }
}
