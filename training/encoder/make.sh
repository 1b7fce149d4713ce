#!/bin/sh
# From PolNeAR to the network that ships, in some three hours on two cores (training/README.md says what takes how long):
#     sh training/encoder/make.sh $POLNEAR $STATEMENTS $DEBATES
# Run from the project's folder. What is finished in build/ is not made again: delete it to begin anew.
set -eu
polnear=$1 statements=$2 debates=$3
python=build/training/bin/python
export PYTHONPATH=.

if [ ! -x $python ]; then
    python3.11 -m venv build/training
    build/training/bin/pip install --require-hashes --no-deps -r requirements/run.txt
    build/training/bin/pip install -r training/requirements.txt
fi
[ -e build/mpnet/model.safetensors ] || sh training/encoder/fetch_teacher.sh build/mpnet

[ -e build/epochs/epoch_07.npz ] ||
    $python training/encoder/epochs.py --data "$polnear" --statements "$statements" --debates "$debates" \
        -o build/epochs --cache build/analysis.json --epochs 0 8
[ -e build/teacher/done ] || {
    $python training/encoder/train.py build/epochs -o build/teacher --start build/mpnet \
        --layers 9 --batch 8 --rate 6e-5 --epochs 2 --threads 2
    touch build/teacher/done
}
[ -e build/soft/soft_02.npz ] ||
    $python training/encoder/label.py build/epochs build/teacher/weights.pt -o build/soft --epochs 0 3
[ -e build/encoder/done ] || {
    $python training/encoder/train.py build/epochs -o build/encoder --soft build/soft --files 3 --epochs 6
    touch build/encoder/done
}
[ -e build/statements/done ] || {
    $python training/encoder/train.py build/epochs -o build/statements --own 2 --onto build/encoder/weights.pt \
        --files 3 --epochs 6
    touch build/statements/done
}
$python training/encoder/export.py build/statements/weights.pt -o pipeline/models/attribution
