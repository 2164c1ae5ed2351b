# One image for worker, scheduler, console and the nodes of a Ray cluster: the command says which.
# Data lives in the volume /home/loanwatch/home.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONPATH=/home/loanwatch/app \
    PYTHONHASHSEED=0 \
    RAY_USAGE_STATS_ENABLED=0 \
    OMP_NUM_THREADS=1 \
    OPENBLAS_NUM_THREADS=1 \
    MALLOC_MMAP_THRESHOLD_=8388608 \
    MALLOC_TRIM_THRESHOLD_=268435456 \
    LOANWATCH_HOME=/home/loanwatch/home

RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 loanwatch
WORKDIR /home/loanwatch/app

COPY requirements.txt ./
RUN pip install --disable-pip-version-check --require-hashes --no-deps -r requirements.txt

COPY storage ./storage
COPY jobs ./jobs
COPY engine ./engine
COPY console ./console
COPY .streamlit ./.streamlit
COPY streamlit_app.py ./

RUN python -m compileall -q storage jobs engine console && install -d -o loanwatch -g loanwatch /home/loanwatch/home
USER loanwatch
VOLUME /home/loanwatch/home

# `health` ends with 1 when a process of this container has fallen silent, or none is there.
HEALTHCHECK --interval=30s --timeout=20s --start-period=60s CMD ["python", "-m", "engine", "health"]

# From outside the container the console is reached at LOANWATCH_CONSOLE_ADDRESS=0.0.0.0, which needs a login.
EXPOSE 8501

# tini, the init process, passes signals on and reaps the processes that a killed run or Ray leaves behind; with -s also
# below another one (`docker run --init`).
ENTRYPOINT ["tini", "-s", "--", "python", "-m", "engine"]
CMD ["up"]
