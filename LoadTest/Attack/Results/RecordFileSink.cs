using System.Threading.Channels;
using CiliumDebugging.LoadTest.Attack.Records;

namespace CiliumDebugging.LoadTest.Attack.Results;

/// <summary>Writes records to a file from a task of its own, in batches that are reused. At most
/// <see cref="MaxBatches"/> wait: when the disk is slower than that, the generator waits for it, and the wait shows as
/// lateness instead of lost records. Dispose it after the attack to have everything written.</summary>
public sealed class RecordFileSink : IRecordSink, IAsyncDisposable
{
    /// <summary>Batches of records between generator and disk, about 2 MB.</summary>
    public const int MaxBatches = 16;

    private const int BatchSize = 1024;

    private readonly Channel<Batch> _full = Channel.CreateBounded<Batch>(MaxBatches);
    private readonly Channel<Batch> _empty = Channel.CreateBounded<Batch>(MaxBatches);
    private readonly Task _writing;
    private Batch _batch = new();

    /// <param name="path">File to create or overwrite; its extension decides the format.</param>
    /// <exception cref="ArgumentException">The extension is not of a format.</exception>
    public RecordFileSink(string path)
    {
        var format = RecordFile.FormatOf(path)
            ?? throw new ArgumentException(
                $"'{path}': expected a name that ends with .bin, .csv or .json",
                nameof(path)
            );
        for (var i = 1; i < MaxBatches; i++)
            _empty.Writer.TryWrite(new Batch());
        var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 64 * 1024);
        _writing = Task.Run(() => WriteAsync(stream, format));
    }

    public void Started(long sequence, TimeSpan intendedStart, TimeSpan start) { }

    /// <exception cref="IOException">The disk is full or gone.</exception>
    public void Add(in RequestRecord record)
    {
        _batch.Records[_batch.Count++] = record;
        if (_batch.Count < BatchSize)
            return;
        if (_writing.IsFaulted)
            _writing.GetAwaiter().GetResult();
        _full.Writer.TryWrite(_batch);
        Batch? next;
        while (!_empty.Reader.TryRead(out next))
        {
            // A batch comes back, or the writer has failed and its exception ends the attack.
            if (!_empty.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
                _writing.GetAwaiter().GetResult();
        }
        _batch = next;
    }

    public async ValueTask DisposeAsync()
    {
        if (_batch.Count > 0)
            _full.Writer.TryWrite(_batch);
        _full.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync(FileStream stream, RecordFormat format)
    {
        try
        {
            using var writer = RecordFile.Write(stream, format);
            await foreach (var batch in _full.Reader.ReadAllAsync())
            {
                for (var i = 0; i < batch.Count; i++)
                    writer.Write(batch.Records[i]);
                batch.Count = 0;
                _empty.Writer.TryWrite(batch);
            }
        }
        finally
        {
            _empty.Writer.TryComplete();
        }
    }

    private sealed class Batch
    {
        public RequestRecord[] Records { get; } = new RequestRecord[BatchSize];

        public int Count { get; set; }
    }
}
