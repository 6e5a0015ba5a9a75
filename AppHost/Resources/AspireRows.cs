using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CiliumDebugging.AppHost.Resources;

/// <summary>
/// Rows of the Resources table that are added and removed while the application runs. The row of a resource has the
/// resource's name as its id: telemetry whose <c>service.name-service.instance.id</c> is that name belongs to it.
/// </summary>
internal sealed class AspireRows(IServiceProvider services)
{
    /// <summary>Property that makes a row the child of another; the dashboard's own name for it.</summary>
    private const string ParentProperty = "resource.parentName";

    private readonly HashSet<string> _used = new(StringComparer.OrdinalIgnoreCase);
    private readonly DistributedApplicationModel _model = services.GetRequiredService<DistributedApplicationModel>();
    private readonly ResourceNotificationService _notifications =
        services.GetRequiredService<ResourceNotificationService>();
    private readonly ResourceLoggerService _loggers = services.GetRequiredService<ResourceLoggerService>();
    private readonly ICollection<HealthCheckRegistration> _checks = services
        .GetRequiredService<IOptions<HealthCheckServiceOptions>>()
        .Value.Registrations;

    /// <summary>
    /// A name that no resource has or ever had, because Aspire never forgets a row's id: the wanted one, else with the
    /// namespace before it, else with a number.
    /// </summary>
    public string Name(string wanted, string ns)
    {
        var name = Enumerable
            .Range(2, int.MaxValue - 2)
            .Select(n => $"{ns}-{wanted}-{n}")
            .Prepend($"{ns}-{wanted}")
            .Prepend(wanted)
            .First(n =>
                !_used.Contains(n)
                && _model.Resources.All(r => !string.Equals(r.Name, n, StringComparison.OrdinalIgnoreCase))
            );
        _used.Add(name);
        return name;
    }

    /// <summary>Makes a resource part of the application.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="health">Reads its health and the reason for it; null: no health check.</param>
    public void Add(IResource resource, Func<(HealthStatus Status, string Reason)>? health)
    {
        if (health is not null)
        {
            _checks.Add(
                new HealthCheckRegistration(resource.Name, _ => new Check(health), HealthStatus.Unhealthy, tags: null)
            );
            resource.Annotations.Add(new HealthCheckAnnotation(resource.Name));
        }
        _model.Resources.Add(resource);
    }

    /// <summary>Takes a resource out of the application.</summary>
    public void Remove(IResource resource)
    {
        _model.Resources.Remove(resource);
        foreach (var check in _checks.Where(c => c.Name == resource.Name).ToList())
            _checks.Remove(check);
    }

    /// <summary>Changes what the row of a resource says.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="change">The change.</param>
    /// <param name="parentRow">Id of the row it belongs under; null: as before.</param>
    /// <param name="parentName">Name of that row's resource.</param>
    public Task PublishAsync(
        IResource resource,
        Func<CustomResourceSnapshot, CustomResourceSnapshot> change,
        string? parentRow = null,
        string? parentName = null
    ) => _notifications.PublishUpdateAsync(resource, resource.Name, row =>
        {
            var changed = change(row);
            if (parentRow is null || parentName is null)
                return changed;
            return changed with
            {
                Properties =
                [
                    .. changed.Properties.Where(p => p.Name != ParentProperty),
                    new ResourcePropertySnapshot(ParentProperty, parentRow),
                ],
                Relationships = [new RelationshipSnapshot(parentName, "Parent")],
            };
        });

    /// <summary>Hides the row: Aspire has no way to remove one.</summary>
    public Task HideAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> change) =>
        PublishAsync(resource, row => change(row) with { IsHidden = true });

    /// <summary>The application's own log.</summary>
    public ILogger LogOf<T>() => services.GetRequiredService<ILogger<T>>();

    /// <summary>The console log of a row.</summary>
    public ILogger Log(IResource resource) => _loggers.GetLogger(resource.Name);

    /// <summary>Completes the console log of a row.</summary>
    public void EndLog(IResource resource) => _loggers.Complete(resource.Name);

    private sealed class Check(Func<(HealthStatus Status, string Reason)> health) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context,
            CancellationToken cancellationToken = default
        )
        {
            var (status, reason) = health();
            return Task.FromResult(new HealthCheckResult(status, reason));
        }
    }
}
