using System.Collections.Immutable;
using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>An agent whose Hubble metrics can be read.</summary>
/// <param name="Namespace">Namespace of its Pod.</param>
/// <param name="Pod">Name of its Pod.</param>
/// <param name="Node">Its node.</param>
/// <param name="Port">Port of Hubble's metrics.</param>
/// <param name="Incarnation">Changes when it is restarted.</param>
/// <param name="Addresses">Its Pod's and its node's address.</param>
internal sealed record ObservedAgent(
    string Namespace,
    string Pod,
    string Node,
    int Port,
    string Incarnation,
    ImmutableArray<string> Addresses
);

/// <summary>The objects of the API server at one moment.</summary>
/// <param name="Service">The Service.</param>
/// <param name="Agents">The agents.</param>
/// <param name="Incarnations">Of the backends' Pods, by <c>namespace/pod</c>.</param>
/// <param name="StableSince">
/// Since when expected shares and HTTP rules have been the same, as far as the objects tell, UTC; null: not known.
/// </param>
/// <param name="TargetPort">Port of the Service's Pods.</param>
internal sealed record ServiceObjectsRead(
    ObservedService Service,
    ImmutableArray<ObservedAgent> Agents,
    ImmutableDictionary<string, string> Incarnations,
    DateTime? StableSince,
    int TargetPort
);
