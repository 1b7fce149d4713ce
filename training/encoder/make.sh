#!/bin/sh
# From PolNeAR to the network that ships (training/README.md says what takes how long; a GPU is used where there is one):
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
for seed in 3 4 5; do
    [ -e build/teacher_$seed/done ] || {
        $python training/encoder/train.py build/epochs -o build/teacher_$seed --start build/mpnet \
            --layers 12 --batch 16 --rate 7e-5 --epochs 3 --seed $seed --threads 2
        touch build/teacher_$seed/done
    }
done
[ -e build/soft/soft_07.npz ] ||
    $python training/encoder/label.py build/epochs build/teacher_?/weights.pt -o build/soft --epochs 0 8
[ -e build/student/done ] || {
    $python training/encoder/train.py build/epochs -o build/student --soft build/soft --layers 4 \
        --batch 16 --rate 4e-4 --head-rate 1.5e-3 --epochs 8
    touch build/student/done
}
[ -e build/encoder/done ] || {
    $python training/encoder/train.py build/epochs -o build/encoder --soft build/soft --onto build/student/weights.pt \
        --batch 8 --rate 1.6e-4 --head-rate 8e-4 --epochs 6 --seed 7
    touch build/encoder/done
}
$python training/encoder/export.py build/encoder/weights.pt -o pipeline/models/attribution
