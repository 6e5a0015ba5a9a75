using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace CiliumDebugging.ServiceDefaults.Pods;

/// <summary>Makes a web application a Pod.</summary>
public static class PodSandboxExtensions
{
    /// <summary>On the embedded cluster: takes the place that the kubelet gave the process, listens on its backing
    /// address only, and ends with the kubelet. Elsewhere: takes the identity from the environment and leaves the
    /// addresses alone. Both answer HTTP/1.1, and HTTP/2 with prior knowledge. Call it before <see
    /// cref="Extensions.AddServiceDefaults"/>, which puts the identity on all telemetry.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="privatePorts">Ports that are not container ports: reached through the API server's pod proxy
    /// only.</param>
    /// <exception cref="FormatException">The kubelet's variables are incomplete.</exception>
    public static PodIdentity JoinPodNetwork(this WebApplicationBuilder builder, params int[] privatePorts)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddSingleton(TimeProvider.System);
        var sandbox = PodSandbox.OfKubelet(builder.Configuration);
        var identity = sandbox?.Identity ?? PodIdentity.FromConfiguration(builder.Configuration);
        builder.Services.AddSingleton(identity);
        if (sandbox is null)
        {
            builder.WebHost.ConfigureKestrel(kestrel =>
                kestrel.ConfigureEndpointDefaults(PriorKnowledge.UsePriorKnowledge)
            );
            return identity;
        }

        builder.Services.AddSingleton(sandbox);
        builder.Services.AddHostedService<KubeletLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var port in sandbox.ContainerPorts.Concat(privatePorts).Distinct())
                kestrel.Listen(sandbox.BackingAddress, port + sandbox.PortOffset, listen =>
                    ListenAsPod(listen, sandbox)
                );
        });
        // As many as Go servers ask the kernel for (net.core.somaxconn): with Kestrel's 512 a burst at a busy Pod costs
        // the connections beyond it a second.
        builder.WebHost.UseSockets(sockets => sockets.Backlog = 4096);
        // Kestrel prefers ConfigureKestrel's endpoints over urls, and warns; there is nothing to choose between here.
        builder.WebHost.UseUrls();
        return identity;
    }

    private static void ListenAsPod(ListenOptions listen, PodSandbox sandbox)
    {
        listen.Use(next =>
            new PodConnectionMiddleware(next, sandbox.ConnectionToken, TimeProvider.System).OnConnectionAsync
        );
        listen.UsePriorKnowledge();
    }
}
