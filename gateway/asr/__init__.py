"""Speech: AudioSocket, voice activity, recognisers, the worker process, transcripts."""
