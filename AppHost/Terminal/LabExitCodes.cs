using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using CiliumDebugging.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace CiliumDebugging.AppHost.Terminal;

/// <summary>The lab's own exit codes beside <see cref="ExitCode"/>.</summary>
internal static class LabExitCodes
{
    /// <summary>Ended by Ctrl-C, SIGTERM or SIGHUP.</summary>
    public const int Interrupted = 130;
}
