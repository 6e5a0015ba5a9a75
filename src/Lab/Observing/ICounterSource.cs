using CiliumDebugging.Measurement.Observation;

namespace CiliumDebugging.Lab.Observing;

/// <summary>Where counters come from: direct scrapes, or a Prometheus.</summary>
internal interface ICounterSource
{
    /// <summary>The source in one line.</summary>
    string Description { get; }

    /// <summary>Requests of one reading.</summary>
    int RequestsPerReading { get; }

    /// <summary>The rounds since the last reading, in order.</summary>
    /// <param name="objects">The objects now.</param>
    /// <param name="since">Nothing before this moment is read, UTC.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ObservationException">
    /// The whole source cannot be read; the failure of a single target is part of a round.
    /// </exception>
    Task<IReadOnlyList<(DateTimeOffset At, ScrapeRound Round)>> ReadAsync(
        ServiceObjectsRead objects,
        DateTimeOffset since,
        CancellationToken cancellationToken
    );
}
